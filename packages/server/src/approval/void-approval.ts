import { announce } from '#change/announce';
import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';
import { lockApproval } from './approval-store.ts';
import { markExpired } from './expire-approvals.ts';

/** Ends a question whose yes does not hold; the call is asked anew. One that was used or has ended stays as it is. */
export async function voidApproval({ db, clock }: { readonly db: Db; readonly clock: Clock }, id: string): Promise<void> {
  await db.transaction(async (tx) => {
    const question = await lockApproval(tx, id);
    if (question.state !== 'approved') return;
    await markExpired(tx, clock, question);
    await announce(tx, [{ what: 'answered', key: id }]);
  });
}
