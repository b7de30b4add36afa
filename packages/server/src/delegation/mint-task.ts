import type { Agent, Workload } from '@surety/contract/agent';
import type { AgentAction } from '@surety/contract/delegation';
import type { Task } from '@surety/contract/task';
import { instant } from '#kernel/clock';
import { detailsDigest } from './hop.ts';
import { newTask } from './task.ts';

/**
 * The task of an agent or workload that names none when it asks for a token: its own, on its own trigger, and its owner
 * answers. Pure: whoever issues the token stores the task and its entry with it. Times in ms since the epoch and seconds.
 */
export function taskFor(
  one: Agent | Workload,
  { now, seconds, instance }: { readonly now: number; readonly seconds: number; readonly instance?: string },
): Task {
  const purpose = 'purpose' in one ? one.purpose : one.displayName;
  return newTask({ agent: one.id, answerable: one.owner, purpose, lifetimeSeconds: seconds, instance }, now);
}

/** The operations that details name and the values that they permit, as texts: what somebody who agreed to them has said. */
export function detailTexts(details: readonly AgentAction[] | null): readonly string[] {
  return (details ?? []).flatMap(({ identifier, constraints = {} }) => [
    identifier.replaceAll(/[_*/-]+/g, ' '),
    ...Object.values(constraints).flatMap((constraint) => [...(constraint.in ?? []), ...(constraint.eachIn ?? [])].map(String)),
  ]);
}

/** What the ledger says of the hop to a task; undefined for a task that nobody handed on. */
export function hopGranted(task: Task, actor: string) {
  const { id, agent, requester, parent, depth, grant } = task;
  if (grant === null) return undefined;
  const { depthLeft, details, expiresAt, offer = null } = grant;
  const data = { parent, from: requester, to: agent, depth, depthLeft, details: detailsDigest(details), expiresAt, offer };
  return { type: 'hop.granted' as const, actor, about: id, task: id, data };
}

/** What the ledger says when a task is opened: an event for `#ledger/record`. */
export function taskOpened(task: Task, actor: string) {
  const { id, agent, answerable, trigger, expiresAt } = task;
  return {
    type: 'task.opened' as const,
    actor,
    about: id,
    task: id,
    data: { agent, answerable, trigger, expiresAt: instant(Date.parse(expiresAt)) },
  };
}
