import type { Tx } from '#kernel/db';
import { removeChanges } from './change-store.ts';
import { removePoints } from './point-store.ts';

const dayMs = 24 * 60 * 60 * 1000;

/** Removes what no node needs any more: changes, and enforcement points not heard of, older than a day. For jobs. */
export async function pruneChanges(tx: Tx, limit = 10_000): Promise<number> {
  await removePoints(tx, dayMs);
  return removeChanges(tx, dayMs, limit);
}
