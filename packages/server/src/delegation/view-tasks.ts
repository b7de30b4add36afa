import type { Task, TaskView } from '@surety/contract/task';
import type { Tx } from '#kernel/db';
import { countCalls } from '#ledger/count-calls';
import { findPrincipal, resolveOf } from '#registry/find-principal';
import { hopSentences } from './hop-sentences.ts';
import { getTask, listTasks, listTree } from './task-store.ts';

export type TaskQuery = {
  readonly agent?: string | undefined;
  readonly instance?: string | undefined;
  /** The tree that this task is in; then nothing else is asked. */
  readonly tree?: string | undefined;
  readonly all: boolean;
  readonly limit: number;
};

/**
 * Tasks as people look at them: newest first, or the tree of one from the top, each followed by what hangs from it. `now` is in
 * ms since the epoch. Faults `agent.not_found`, `task.not_found`.
 */
export async function viewTasks(tx: Tx, { agent, instance, tree, all, limit }: TaskQuery, now: number): Promise<TaskView[]> {
  if (tree !== undefined) return withNames(tx, inTreeOrder(await listTree(tx, (await getTask(tx, tree)).root, limit)));
  const id = agent === undefined ? undefined : await resolveOf(tx, 'agent', agent);
  return withNames(tx, await listTasks(tx, { agent: id, instance, openAt: all ? undefined : new Date(now), limit }));
}

async function withNames(tx: Tx, tasks: readonly Task[]): Promise<TaskView[]> {
  const calls = await countCalls(
    tx,
    tasks.map(({ id, agent, createdAt }) => ({ task: id, actor: agent, sinceMs: Date.parse(createdAt) })),
  );
  const names = new Map<string, string>();
  for (const id of new Set(tasks.flatMap(({ agent, requester, answerable }) => [agent, requester, answerable])))
    names.set(id, await nameOf(tx, id));
  return tasks.map((task) => ({
    ...task,
    agentName: names.get(task.agent) ?? task.agent,
    requesterName: names.get(task.requester) ?? task.requester,
    answerableName: names.get(task.answerable) ?? task.answerable,
    handedOn: hopSentences(task),
    calls: calls.get(task.id) ?? 0,
  }));
}

/** A person by the name on screen, an agent or workload by its name. */
async function nameOf(tx: Tx, id: string): Promise<string> {
  const found = await findPrincipal(tx, id);
  if (found === undefined) return id;
  return found.kind === 'human' ? found.one.displayName : found.one.name;
}

/** Each task, then all that hangs from it: over, when what it hangs from is. */
function inTreeOrder(tasks: readonly Task[]): readonly Task[] {
  const below = Map.groupBy(tasks, ({ parent }) => parent);
  const take = (task: Task, isOver: boolean): Task[] => {
    const shown: Task = isOver ? { ...task, state: 'ended' } : task;
    return [shown, ...(below.get(task.id) ?? []).flatMap((child) => take(child, shown.state === 'ended'))];
  };
  return (below.get(null) ?? []).flatMap((root) => take(root, false));
}
