import type { AgentId, HumanId } from '@surety/contract/id';
import type { Task } from '@surety/contract/task';
import { Fault } from '#kernel/fault';
import type { Clock } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { record } from '#ledger/record';
import { getAgent } from '#registry/agent-store';
import { getHuman } from '#registry/human-store';
import { taskOpened } from './mint-task.ts';
import { isOpen, newTask } from './task.ts';
import { addTask, getTask } from './task-store.ts';

export type OpenTask = {
  readonly agent: AgentId;
  /** The person who asks; the agent itself, when left out: then its owner answers. */
  readonly requester?: HumanId | undefined;
  readonly trigger: Task['trigger'];
  readonly purpose: string;
  readonly lifetimeSeconds: number;
  readonly parent?: string | undefined;
  /** The key of the instance that opens it. */
  readonly instance?: string | undefined;
  /** Keyed fingerprints of what the person stated who asks. */
  readonly asked?: readonly string[] | undefined;
};

/**
 * Opens a task for an active agent, within the caller's transaction. Who answers is the requester, or the owner. Under a
 * parent it is the same person as there, and the parent must be open. Faults `agent.not_found`, `task.not_found`,
 * `human.not_found`, `human.not_active`, `grant.refused` for an agent that is not active or a parent that is over.
 */
export async function openTask(tx: Tx, clock: Clock, actor: string, input: OpenTask): Promise<Task> {
  const now = clock();
  const agent = await getAgent(tx, input.agent);
  if (agent.state !== 'active') throw new Fault('grant.refused', 'the agent is not active');
  const parent = input.parent === undefined ? undefined : await getTask(tx, input.parent);
  if (parent !== undefined && !isOpen(parent, now)) throw new Fault('grant.refused', 'the parent task is over');
  const answerable = parent?.answerable ?? input.requester ?? agent.owner;
  if ((await getHuman(tx, answerable)).state !== 'active') throw new Fault('human.not_active');
  const { requester, trigger, purpose, lifetimeSeconds, instance, asked } = input;
  const task = newTask(
    { agent: agent.id, answerable, requester, trigger, purpose, lifetimeSeconds, parent, instance, asked },
    now,
  );
  await addTask(tx, task);
  await record(tx, clock, taskOpened(task, actor));
  return task;
}
