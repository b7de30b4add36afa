import type { HopGrant } from '@surety/contract/delegation';
import type { AgentId, CredentialId, HumanId, TaskId, WorkloadId } from '@surety/contract/id';
import type { Task } from '@surety/contract/task';
import { instant } from '#kernel/clock';
import { newId } from '#kernel/id';

/** Who works, for whom, and for how long at most. */
export type TaskRequest = {
  readonly agent: AgentId | WorkloadId;
  /** The human at the root. */
  readonly answerable: HumanId;
  /** Who asked; the agent itself, when left out: it acts on its own trigger. */
  readonly requester?: Task['requester'] | undefined;
  readonly trigger?: Task['trigger'] | undefined;
  readonly purpose: string;
  readonly lifetimeSeconds: number;
  readonly parent?: Task | undefined;
  /** What the hop from the parent's agent grants. */
  readonly grant?: HopGrant | undefined;
  /** The key of the instance that opens it. */
  readonly instance?: string | undefined;
  /** Keyed fingerprints of values that the requester stated. */
  readonly asked?: readonly string[] | undefined;
};

/** A new, open task. Pure: nothing is stored. A child ends no later than its parent. `now` is in ms since the epoch. */
export function newTask(request: TaskRequest, now: number): Task {
  const { agent, answerable, requester = agent, trigger = 'agent', purpose, lifetimeSeconds, parent } = request;
  const ends = now + lifetimeSeconds * 1000;
  const id = newId<TaskId>('task', now);
  return {
    id,
    agent,
    requester,
    answerable,
    trigger,
    purpose,
    parent: parent?.id ?? null,
    root: parent?.root ?? id,
    depth: parent === undefined ? 0 : parent.depth + 1,
    grant: request.grant ?? null,
    instance: (request.instance as CredentialId | undefined) ?? null,
    asked: [...(request.asked ?? [])],
    state: 'open',
    expiresAt: instant(parent === undefined ? ends : Math.min(ends, Date.parse(parent.expiresAt))),
    createdAt: instant(now),
  };
}

/** Whether work may go on under a task at an instant, in ms since the epoch. */
export function isOpen(task: Task, now: number): boolean {
  return task.state === 'open' && Date.parse(task.expiresAt) > now;
}
