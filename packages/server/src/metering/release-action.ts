import type { ActionId } from '@surety/contract/id';
import { type Clock, instant } from '#kernel/clock';
import type { Db } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { findOutcomeType } from '#ledger/entry-store';
import { lockDeed, saveReleased } from '#ledger/deed-store';
import { record } from '#ledger/record';

/** No call runs longer. */
const longestCallMs = 3_600_000;

/**
 * A person says that a call whose end is not known did nothing: it counts no more. Faults `action.not_found` for a call that
 * nothing counts, `action.not_unknown` for one that was completed, may still be running, or counts no more already.
 */
export async function releaseAction(
  house: { readonly db: Db; readonly clock: Clock },
  actor: string,
  { action, reason }: { readonly action: ActionId; readonly reason: string },
): Promise<{ readonly action: ActionId; readonly releasedAt: string }> {
  return house.db.transaction(async (tx) => {
    const deed = await lockDeed(tx, action);
    if (deed === undefined) throw new Fault('action.not_found', action);
    const outcome = await findOutcomeType(tx, action);
    const mayRun = outcome === undefined && deed.at.getTime() > house.clock() - longestCallMs;
    if (deed.isReleased || outcome === 'call.completed' || mayRun) throw new Fault('action.not_unknown', action);
    await saveReleased(tx, action);
    await record(tx, house.clock, {
      type: 'action.released',
      actor,
      about: action,
      task: deed.task,
      data: { agent: deed.agent, reason },
    });
    return { action, releasedAt: instant(house.clock()) };
  });
}
