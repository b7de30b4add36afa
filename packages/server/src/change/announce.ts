import type { Tx } from '#kernel/db';
import type { Change } from './change.ts';
import { addChanges, lockChanges } from './change-store.ts';

/** The channel on which nodes are woken. What they then read is the table: a lost notification loses nothing. */
export const wakeChannel = 'surety_change';

/**
 * Writes changes into the caller's transaction, numbered in the order given, and wakes every node when it commits.
 * Returns the number of the last one (of the newest there is, when none is given).
 *
 * The lock is held until the transaction ends, so number order is commit order and a reader that polls by number never
 * misses one: call it last. It needs READ COMMITTED, where the numbers are read after the lock was given.
 */
export async function announce(tx: Tx, changes: readonly Pick<Change, 'what' | 'key'>[]): Promise<number> {
  await lockChanges(tx);
  return addChanges(tx, changes, wakeChannel);
}
