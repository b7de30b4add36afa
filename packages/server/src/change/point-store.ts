import type { Tx } from '#kernel/db';

/** Who enforces here: an id that is new with every start of a node, and a name people can read. */
export type EnforcementPoint = { readonly id: string; readonly name: string };

/** What an enforcement point has applied, since when it runs, and how long it was not heard of, by the database's clock. */
export type PointSeen = EnforcementPoint & { readonly change: number; readonly startedAt: Date; readonly seenMsAgo: number };

/** Makes a starting node known, before it enforces anything. */
export async function addPoint(tx: Tx, { id, name }: EnforcementPoint, applied: number): Promise<void> {
  await tx.query(
    `insert into enforcement_point (id, name, change) values ($1, $2, $3)
     on conflict (id) do update set name = excluded.name, change = excluded.change, started_at = excluded.started_at, seen_at = excluded.seen_at`,
    [id, name, applied],
  );
}

/** Every enforcement point that was heard of within `withinMs`, by name. */
export async function listPoints(tx: Tx, withinMs: number): Promise<PointSeen[]> {
  const { rows } = await tx.query<{ id: string; name: string; change: number; started_at: Date; seen_ms_ago: number }>(
    `select id, name, change, started_at, greatest(0, extract(epoch from clock_timestamp() - seen_at)::double precision * 1000) as seen_ms_ago
     from enforcement_point
     where seen_at > clock_timestamp() - make_interval(secs => $1::double precision / 1000)
     order by name, id`,
    [withinMs],
  );
  return rows.map(({ id, name, change, started_at, seen_ms_ago }) => ({
    id,
    name,
    change,
    startedAt: started_at,
    seenMsAgo: seen_ms_ago,
  }));
}

/** Forgets enforcement points that were not heard of for `olderThanMs`. */
export async function removePoints(tx: Tx, olderThanMs: number): Promise<void> {
  await tx.query(
    'delete from enforcement_point where seen_at < clock_timestamp() - make_interval(secs => $1::double precision / 1000)',
    [olderThanMs],
  );
}
