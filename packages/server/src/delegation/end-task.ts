import type { Task } from '@surety/contract/task';
import { announce } from '#change/announce';
import type { Clock } from '#kernel/clock';
import type { Db, Tx } from '#kernel/db';
import { recordAll } from '#ledger/record';
import { endTaskTree, getTask } from './task-store.ts';

export type DelegationHouse = { readonly db: Db; readonly clock: Clock };

/** Ends a task, every task below it, and every token for any of them. Doing it again changes nothing. Fault `task.not_found`. */
export async function endTask(house: DelegationHouse, actor: string, { task }: { readonly task: string }): Promise<Task> {
  return house.db.transaction(async (tx) => {
    const { id } = await getTask(tx, task);
    const ended = await endTaskTree(tx, id);
    if (ended.length > 0) await announce(tx, await recordEnded(tx, house.clock, { ended, actor }));
    return getTask(tx, id);
  });
}

/** Records that tasks have ended, inside a transaction that does more. Returns what to announce. */
export async function recordEnded(
  tx: Tx,
  clock: Clock,
  { ended, actor }: { readonly ended: readonly Task[]; readonly actor: string },
): Promise<Parameters<typeof announce>[1]> {
  await recordAll(
    tx,
    clock,
    ended.map(({ id, agent }) => ({ type: 'task.ended', actor, about: id, task: id, data: { agent } })),
  );
  return ended.flatMap(({ id }) => [
    { what: 'changed' as const, key: id },
    { what: 'cutoff' as const, key: id },
  ]);
}
