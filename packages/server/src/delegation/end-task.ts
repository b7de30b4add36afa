import type { Task } from '@surety/contract/task';
import { announce } from '#change/announce';
import type { Clock } from '#kernel/clock';
import type { Db, Tx } from '#kernel/db';
import { recordAll } from '#ledger/record';
import { endTaskTree, getTask } from './task-store.ts';

export type DelegationHouse = { readonly db: Db; readonly clock: Clock };

/** How many tasks end in one transaction: nobody else is kept waiting behind a tree of ten thousand. */
const maxAtOnce = 500;

/**
 * Ends a task, every task below it, and every token for any of them. The task itself ends first: from then on no chain below it
 * holds (`readChain`), and the rest is written down as ended, some at a time. Doing it again changes nothing. Fault
 * `task.not_found`.
 */
export async function endTask(house: DelegationHouse, actor: string, { task }: { readonly task: string }): Promise<Task> {
  const { id } = await getTask(house.db, task);
  while ((await endSome(house, actor, id)) === maxAtOnce);
  return getTask(house.db, id);
}

async function endSome(house: DelegationHouse, actor: string, id: string): Promise<number> {
  return house.db.transaction(async (tx) => {
    const ended = await endTaskTree(tx, id, maxAtOnce);
    if (ended.length > 0) await announce(tx, await recordEnded(tx, house.clock, { ended, actor }));
    return ended.length;
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
