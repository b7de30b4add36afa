import type { Feed } from '#change/feed';
import type { Db } from '#kernel/db';
import { errorFields, type Log } from '#kernel/log';
import { addReceipt, findStopByChange } from './stop-store.ts';

export type ConfirmRoom = {
  readonly db: Db;
  readonly feed: Feed;
  /** Id of this enforcement point. */
  readonly point: string;
  /** How many calls the changes from one number to another cut here. */
  readonly cutBetween: (first: number, last: number) => number;
  readonly log: Log;
};

/**
 * Confirms every stop that reaches this enforcement point: by the time the receipt is written the change is applied, so
 * new calls are refused, and the calls in flight are cut. A receipt that cannot be written is tried again for as long as
 * an order shows it as waiting. Returns how to end it.
 */
export function confirmStops({ db, feed, point, cutBetween, log }: ConfirmRoom): () => void {
  let ended = false;
  const confirm = async (change: number, tries: number): Promise<void> => {
    try {
      const stop = await findStopByChange(db, change);
      if (stop === undefined) return;
      await addReceipt(db, { stop: stop.id, point, callsCut: cutBetween(change, change + 2 * stop.tasksEnded) });
    } catch (thrown) {
      if (ended || tries === 0) return log.error(errorFields(thrown), 'a stop holds here but could not be confirmed');
      setTimeout(() => void confirm(change, tries - 1), 250).unref();
    }
  };
  const unsubscribe = feed.onChange((change) => {
    if (change.what === 'stopped') setImmediate(() => void confirm(change.number, 120));
  });
  return () => {
    ended = true;
    unsubscribe();
  };
}
