import type { Tx } from '#kernel/db';
import { deleteMeters, deleteOldDeeds } from '#ledger/deed-store';

/** A meter is made again when it is needed again. */
const meterAgeMs = 7 * 86_400_000;

/**
 * Forgets deeds that are older than any window, but not while their tree of tasks is open, and meters that were made long ago.
 * Returns how many deeds. For jobs.
 */
export async function pruneDeeds(
  tx: Tx,
  { nowMs, keepMs }: { readonly nowMs: number; readonly keepMs: number },
): Promise<number> {
  await deleteMeters(tx, new Date(nowMs - meterAgeMs));
  return deleteOldDeeds(tx, new Date(nowMs - keepMs), new Date(nowMs));
}
