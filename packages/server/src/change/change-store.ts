import type { Tx } from '#kernel/db';
import type { Change, ChangeWhat } from './change.ts';

/** Any constant works, so long as every release uses this one. */
const changeLock = [0x53757265, 3] as const;

type Row = { number: number; what: ChangeWhat; key: string; at_ms: number };

const columns = 'number, what, key, extract(epoch from at)::double precision * 1000 as at_ms';

/** Makes those who number changes take turns until each one's transaction ends. */
export async function lockChanges(tx: Tx): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1, $2)', [...changeLock], 'change-lock');
}

/**
 * Adds changes behind the newest, under `lockChanges`, and sends a wake-up with the commit. The cut-offs of principals, and of
 * what they handed on, are kept for good. The number of the last one.
 */
export async function addChanges(tx: Tx, changes: readonly Pick<Change, 'what' | 'key'>[], channel: string): Promise<number> {
  const { rows } = await tx.query<{ last: number }>(
    `with newest as (select coalesce(max(number), 0) as number from change),
     added as (
       insert into change (number, what, key)
       select newest.number + given.place, given.what, given.key
       from unnest($1::text[], $2::text[]) with ordinality as given (what, key, place), newest
       order by given.place
       returning number, what, key
     ),
     kept as (
       insert into cut_off (key, number)
       select key, max(number) from added where what in ('cutoff', 'stopped') and key ~ '^(hum|wkl|agt|handed_on:agt|handed_on:tok)_' group by key
       on conflict (key) do update set number = excluded.number
     ),
     woken as (select pg_notify($3, max(number)::text) from added having count(*) > 0)
     select greatest((select max(number) from added), (select number from newest)) as last, (select count(*) from woken) as woken`,
    [changes.map(({ what }) => what), changes.map(({ key }) => key), channel],
    'change-add',
  );
  return rows[0]?.last ?? 0;
}

/** The number of the newest change that is committed; 0 before the first. */
export async function findNewestNumber(tx: Tx): Promise<number> {
  const { rows } = await tx.query<{ number: number }>(
    'select coalesce(max(number), 0) as number from change',
    [],
    'change-newest',
  );
  return rows[0]?.number ?? 0;
}

/**
 * What a node must know when it starts: the newest change, and the cut-offs of the last `withinMs`. Older ones concern
 * only what has expired by itself. In the order of their numbers.
 */
export async function listStartingChanges(tx: Tx, withinMs: number): Promise<Change[]> {
  const { rows } = await tx.query<Row>(
    `select ${columns} from change
     where number = (select max(number) from change)
        or (at > clock_timestamp() - make_interval(secs => $1::double precision / 1000) and what in ('cutoff', 'stopped'))
     order by number`,
    [withinMs],
  );
  return rows.map(fromRow);
}

/** Removes changes older than `olderThanMs`, at most `limit`; never the newest, from which the next number is counted. */
export async function removeChanges(tx: Tx, olderThanMs: number, limit: number): Promise<number> {
  const { rowCount } = await tx.query(
    `delete from change where number in (
       select number from change
       where at < clock_timestamp() - make_interval(secs => $1::double precision / 1000) and number < (select max(number) from change)
       order by number limit $2
     )`,
    [olderThanMs, limit],
  );
  return rowCount;
}

function fromRow({ number, what, key, at_ms }: Row): Change {
  return { number, what, key, atMs: at_ms };
}
