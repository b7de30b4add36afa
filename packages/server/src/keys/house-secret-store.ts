import type { Tx } from '#kernel/db';
import type { HouseSecretRow } from '#store/rows';

/** A secret of the house, sealed; undefined before it was made. */
export async function findSealedSecret(tx: Tx, name: string): Promise<Buffer | undefined> {
  const { rows } = await tx.query<Pick<HouseSecretRow, 'sealed'>>('select sealed from house_secret where name = $1', [name]);
  return rows[0]?.sealed;
}

/** Keeps a secret, unless there is one by this name already: then that one stands. */
export async function addSealedSecret(
  tx: Tx,
  secret: { readonly name: string; readonly sealed: Buffer; readonly madeAtMs: number },
): Promise<void> {
  await tx.query('insert into house_secret (name, sealed, made_at) values ($1, $2, $3) on conflict (name) do nothing', [
    secret.name,
    secret.sealed,
    new Date(secret.madeAtMs),
  ]);
}
