import type { Tx } from '#kernel/db';

/** An entry that was given its index. `leaf` is null when there is no such entry any more. */
export type Taken = { readonly index: number; readonly id: string; readonly leaf: Buffer | null };

/**
 * Gives indexes from `size` upwards to at most `limit` entries that have none, in the order of their ids, and hashes them
 * (RFC 9162 §2.1.1). What has no index is what stands in the line: never what is newer than some id, because an entry may
 * be committed after one with a later id. Each entry is looked up by its id: a join is planned as a scan of all entries
 * while there are thousands.
 */
export async function takeUnsequenced(tx: Tx, size: number, limit: number): Promise<Taken[]> {
  const { rows } = await tx.query<Taken>(
    String.raw`with next as materialized (
       select id from unsequenced order by id limit $2
     ),
     taken as (
       delete from unsequenced where id in (select id from next) returning id
     ),
     numbered as (
       insert into sequenced (index, id) select $1::bigint + row_number() over (order by id) - 1, id from taken returning index, id
     )
     select index, id, (select sha256('\x00'::bytea || convert_to(entry.body, 'UTF8')) from entry where entry.id = numbered.id) as leaf
     from numbered order by index`,
    [size, limit],
    'sequence-take',
  );
  return rows;
}

/** Whether any entry has no index. */
export async function hasUnsequenced(tx: Tx): Promise<boolean> {
  const { rows } = await tx.query('select id from unsequenced order by id limit 1', [], 'sequence-look');
  return rows.length > 0;
}

/** Whether any entry was ever given an index. */
export async function hasSequenced(tx: Tx): Promise<boolean> {
  const { rows } = await tx.query('select index from sequenced limit 1');
  return rows.length > 0;
}

/** How many entries have no index. */
export async function countUnsequenced(tx: Tx): Promise<number> {
  const { rows } = await tx.query<{ count: number }>('select count(*) as count from unsequenced');
  return rows[0]?.count ?? 0;
}

/** Entries from an index on, in order, as many as there are up to `limit`. A gap shows as an index that is left out. */
export async function listSequenced(tx: Tx, from: number, limit: number): Promise<{ index: number; body: string }[]> {
  const { rows } = await tx.query<{ index: number; body: string }>(
    `select sequenced.index, entry.body from sequenced join entry on entry.id = sequenced.id
     where sequenced.index >= $1 order by sequenced.index limit $2`,
    [from, limit],
    'sequence-list',
  );
  return rows;
}
