import type { EventType } from '@surety/contract/events';
import type { Tx } from '#kernel/db';
import type { Entry } from './entry.ts';

/** An entry read back. `index` is null until the sequencer has given one; `sealed` is null when it was not asked for. */
export type KeptEntry = Entry & { readonly index: number | null };

/** Which entries, all conditions together. Paged by id: `before` and `after` are ids of entries, exclusive. */
export type EntryFilter = {
  readonly types?: readonly EventType[] | undefined;
  readonly about?: readonly string[] | undefined;
  readonly actor?: string | undefined;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
};

type Row = {
  id: string;
  at: Date;
  type: EventType;
  actor: string;
  about: string;
  task: string | null;
  body: string;
  sealed: Buffer | null;
  index: number | null;
};

/** Adds an entry, and its place in the line for an index, in one statement. */
export async function addEntry(tx: Tx, entry: Entry): Promise<void> {
  await tx.query(
    `with added as (
       insert into entry (id, at, type, actor, about, task, body, sealed) values ($1, $2, $3, $4, $5, $6, $7, $8) returning id
     )
     insert into unsequenced (id) select id from added`,
    [entry.id, entry.at, entry.type, entry.actor, entry.about, entry.task, entry.body, entry.sealed],
    'entry-add',
  );
}

/** Adds many entries, and their places in the line, in one statement. */
export async function addEntries(tx: Tx, entries: readonly Entry[]): Promise<void> {
  const column = <Name extends keyof Entry>(name: Name): Entry[Name][] => entries.map((entry) => entry[name]);
  await tx.query(
    `with added as (
       insert into entry (id, at, type, actor, about, task, body, sealed)
       select * from unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[])
       returning id
     )
     insert into unsequenced (id) select id from added`,
    [
      column('id'),
      column('at'),
      column('type'),
      column('actor'),
      column('about'),
      column('task'),
      column('body'),
      column('sealed'),
    ],
  );
}

export async function findEntry(tx: Tx, id: string, sealed: boolean): Promise<KeptEntry | undefined> {
  const { rows } = await tx.query<Row>(`select ${columns(sealed)} from ${source} where e.id = $1`, [id]);
  return rows[0];
}

/** The newest first; the oldest first when `order` says so. */
export async function listEntries(
  tx: Tx,
  filter: EntryFilter,
  options: { order: 'newest' | 'oldest'; sealed: boolean },
): Promise<KeptEntry[]> {
  const values: unknown[] = [];
  const conditions: string[] = [];
  const add = (condition: string, value: unknown) => {
    if (value !== undefined) conditions.push(condition.replace('?', `$${values.push(value)}`));
  };
  add('e.type = any(?)', filter.types);
  add('e.about = any(?)', filter.about);
  add('e.actor = ?', filter.actor);
  add('e.id < ?', filter.before);
  add('e.id > ?', filter.after);
  const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
  const order = options.order === 'newest' ? 'desc' : 'asc';
  const { rows } = await tx.query<Row>(
    `select ${columns(options.sealed)} from ${source} ${where} order by e.id ${order} limit $${values.push(filter.limit)}`,
    values,
  );
  return rows;
}

/** Tokens that were issued to a principal and neither expired nor revoked at `now`, among entries not older than `since`. */
export async function countTokens(
  tx: Tx,
  { principal, since, now }: { principal: string; since: string; now: Date },
): Promise<number> {
  const { rows } = await tx.query<{ count: number }>(
    `with recent as materialized (
       select type, body::jsonb -> 'data' as data from entry
       where about = $1 and id >= $2 and type in ('token.issued', 'token.revoked')
     )
     select count(*) as count from recent issued
     where issued.type = 'token.issued' and (issued.data ->> 'expiresAt')::timestamptz > $3
       and not exists (
         select from recent revoked where revoked.type = 'token.revoked' and revoked.data ->> 'tokenId' = issued.data ->> 'tokenId'
       )`,
    [principal, since, now],
  );
  return rows[0]?.count ?? 0;
}

/** How many calls an actor's entries from `since` on intend under each task. Tasks without any are left out. */
export async function countIntents(
  tx: Tx,
  tasks: readonly { readonly task: string; readonly actor: string; readonly since: string }[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await tx.query<{ task: string; count: number }>(
    `select given.task, count(*) as count
     from unnest($1::text[], $2::text[], $3::text[]) as given (task, actor, since)
     join entry on entry.actor = given.actor and entry.id >= given.since and entry.task = given.task
     where entry.type = 'call.intended' group by given.task`,
    [tasks.map(({ task }) => task), tasks.map(({ actor }) => actor), tasks.map(({ since }) => since)],
  );
  return new Map(rows.map(({ task, count }) => [task, count]));
}

const source = 'entry e left join sequenced s on s.id = e.id';

function columns(sealed: boolean): string {
  return `e.id, e.at, e.type, e.actor, e.about, e.task, e.body, ${sealed ? 'e.sealed' : 'null::bytea as sealed'}, s.index`;
}

/** What is recorded of how a call ended; undefined when nothing is. */
export async function findOutcomeType(tx: Tx, action: string): Promise<string | undefined> {
  const { rows } = await tx.query<{ type: string }>(
    `select type from entry where about = $1 and type in ('call.completed', 'call.failed', 'call.cut') order by id desc limit 1`,
    [action],
  );
  return rows[0]?.type;
}
