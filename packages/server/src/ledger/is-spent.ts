import type { Tx } from '#kernel/db';

/** Whether something that may be used once was used, as far as that is still remembered. Only a commit can use it. */
export async function isSpent(tx: Tx, key: Buffer): Promise<boolean> {
  const { rows } = await tx.query<{ spent: boolean }>('select exists (select from spent_proof where key = $1) as spent', [key]);
  return rows[0]?.spent === true;
}
