import { announce } from '#change/announce';
import type { Clock } from '#kernel/clock';
import type { Db, Tx } from '#kernel/db';
import { houseActor } from '#kernel/house-actor';
import { record } from '#ledger/record';
import type { Question } from './approval.ts';
import { lockOverdue, saveAnswer } from './approval-store.ts';

/** Questions that nobody answered, and yeses that nobody used, end as a no. Returns how many ended. */
export async function expireApprovals({ db, clock }: { db: Db; clock: Clock }): Promise<number> {
  return db.transaction(async (tx) => {
    const overdue = await lockOverdue(tx, new Date(clock()), 100);
    for (const question of overdue) await markExpired(tx, clock, question);
    if (overdue.length > 0)
      await announce(
        tx,
        overdue.map(({ id }) => ({ what: 'answered' as const, key: id })),
      );
    return overdue.length;
  });
}

/** Ends one locked question as a no. */
export async function markExpired(tx: Tx, clock: Clock, question: Question): Promise<void> {
  await saveAnswer(tx, { ...question, state: 'expired' });
  await record(tx, clock, {
    type: 'approval.expired',
    actor: houseActor,
    about: question.id,
    task: question.task,
    data: { action: question.action },
  });
}
