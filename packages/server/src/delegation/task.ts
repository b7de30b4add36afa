import type { AgentId, HumanId, TaskId, WorkloadId } from '@surety/contract/id';
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
};

/** A new, open task. Pure: nothing is stored. A child ends no later than its parent. `now` is in ms since the epoch. */
export function newTask(request: TaskRequest, now: number): Task {
  const { agent, answerable, requester = agent, trigger = 'agent', purpose, lifetimeSeconds, parent } = request;
  const ends = now + lifetimeSeconds * 1000;
  return {
    id: newId<TaskId>('task', now),
    agent,
    requester,
    answerable,
    trigger,
    purpose,
    parent: parent?.id ?? null,
    state: 'open',
    expiresAt: instant(parent === undefined ? ends : Math.min(ends, Date.parse(parent.expiresAt))),
    createdAt: instant(now),
  };
}

/** Whether work may go on under a task at an instant, in ms since the epoch. */
export function isOpen(task: Task, now: number): boolean {
  return task.state === 'open' && Date.parse(task.expiresAt) > now;
}
