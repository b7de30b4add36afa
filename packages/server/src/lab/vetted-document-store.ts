import type { Tx } from '#kernel/db';
import type { VettedDocumentRow } from '#store/rows';

/** The newest version of a document (`policy`, `role:owner`) that tests or a second person vouch for; 0 when there is none. */
export async function findVetted(tx: Tx, name: string): Promise<number> {
  const { rows } = await tx.query<Pick<VettedDocumentRow, 'version'>>('select version from vetted_document where name = $1', [
    name,
  ]);
  return rows[0]?.version ?? 0;
}

export async function saveVetted(
  tx: Tx,
  { name, version, at }: { readonly name: string; readonly version: number; readonly at: string },
) {
  await tx.query(
    `insert into vetted_document (name, version, at) values ($1, $2, $3)
     on conflict (name) do update set version = excluded.version, at = excluded.at`,
    [name, version, at],
  );
}
