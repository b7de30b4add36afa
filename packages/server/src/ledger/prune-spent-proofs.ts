import type { Tx } from '#kernel/db';

/** Forgets what was spent and could not be accepted any more at `now`, at most `limit`. Returns how many. For jobs. */
export async function pruneSpentProofs(tx: Tx, now: Date, limit = 20_000): Promise<number> {
  const { rowCount } = await tx.query(
    `delete from spent_proof where key in (
       select key from spent_proof where expires_at < $1 order by expires_at limit $2 for update skip locked
     )`,
    [now, limit],
  );
  return rowCount;
}
