import { hash } from 'node:crypto';
import type { Tx } from '#kernel/db';

/** What the engine keeps between two requests, as it gives it. */
export type Item = Readonly<Record<string, unknown>>;

/**
 * Keeps an item under the hash of its id: who reads the table holds no code, no request and no interaction.
 */
export async function saveItem(
  tx: Tx,
  { model, id, payload, expiresAt }: { model: string; id: string; payload: Item; expiresAt: Date },
): Promise<void> {
  const { jti: _id, ...kept } = payload;
  await tx.query(
    `insert into interaction_item (model, id_hash, uid, payload, expires_at) values ($1, $2, $3, $4, $5)
     on conflict (model, id_hash) do update set uid = $3, payload = $4, expires_at = $5`,
    [model, hashOf(id), typeof kept['uid'] === 'string' ? kept['uid'] : null, JSON.stringify(kept), expiresAt],
  );
}

export async function findItem(tx: Tx, model: string, id: string): Promise<Item | undefined> {
  const { rows } = await tx.query<{ payload: Item }>('select payload from interaction_item where model = $1 and id_hash = $2', [
    model,
    hashOf(id),
  ]);
  return rows[0] && { ...rows[0].payload, jti: id };
}

/** Takes an item away and says whether it was there: of any number of parallel takers one hears yes. */
export async function takeItem(tx: Tx, model: string, id: string): Promise<boolean> {
  const { rowCount } = await tx.query('delete from interaction_item where model = $1 and id_hash = $2', [model, hashOf(id)]);
  return rowCount === 1;
}

export async function pruneItems(tx: Tx, before: Date): Promise<number> {
  return (await tx.query('delete from interaction_item where expires_at < $1', [before])).rowCount;
}

function hashOf(id: string): Buffer {
  return hash('sha256', id, 'buffer');
}
