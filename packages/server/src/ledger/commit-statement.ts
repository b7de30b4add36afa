import type { Task } from '@surety/contract/task';
import type { Entry } from './entry.ts';
import type { Spend } from './spend-key.ts';

/** One act: all of its entries are kept, or none. */
export type CommitUnit = {
  readonly entries: readonly Entry[];
  readonly spends: readonly Spend[];
  /** What it was decided on: stale when a change numbered above `change` touches one of the keys. */
  readonly fence?: { readonly change: number; readonly keys: readonly string[] } | undefined;
  /** A yes that this act uses up. It must be approved and still valid. */
  readonly approval?: { readonly id: string; readonly usedBy: string } | undefined;
  /** Tasks that are opened with this act. */
  readonly tasks?: readonly Task[] | undefined;
};

/**
 * What became of a unit. Anything but `committed` wrote none of its entries and tasks and used no approval; its spends may
 * stay spent. `replayed`: something was spent before; `stale`: the fence; `approval`: not approved, too late, or used.
 */
export type CommitResult = 'committed' | 'replayed' | 'stale' | 'approval';

export type Query = <Row>(text: string, values: unknown[], name: string) => Promise<{ rows: Row[] }>;

/**
 * Bodies travel as one text: an array would have every quotation mark in them escaped, here and there. JSON holds no bare
 * control character; a body that does gives more bodies than ids, which the table refuses.
 */
const bodySeparator = '\u001e';

/**
 * One statement for a batch of units: a transaction of its own, one round trip, one flush of the log of the database.
 *
 * The order of the locks is the argument that two nodes cannot wait for each other: all keys are spent first, in their
 * order, and only then approvals are locked, in theirs; `not in (select …)` is a hashed subplan, which reads its whole
 * list before the first row passes. Two batches that want the same key or approval take turns, and the second loses.
 *
 * Of units in one batch that want the same approval only the first that is neither replayed nor stale is let near it.
 * It names the tables of other rooms, `change`, `approval` and `task`, because all of this must happen at one instant.
 */
const text = `with
spend as materialized (
  select given.unit, given.key, given.expires_at
  from unnest($1::integer[], $2::bytea[], $3::timestamptz[]) as given (unit, key, expires_at)
),
claimed as (
  insert into spent_proof (key, expires_at) select key, expires_at from spend order by key
  on conflict (key) do nothing returning key
),
replayed as materialized (
  select unit from spend where key not in (select key from claimed)
),
stale as materialized (
  select given.unit from unnest($4::integer[], $5::bigint[], $6::text[]) as given (unit, change, key)
  where given.change < (select max(number) from change)
    and given.change < (select max(number) from change where change.key = given.key)
),
asked as materialized (
  select given.unit, given.id, given.used_by from unnest($7::integer[], $8::text[], $9::text[]) as given (unit, id, used_by)
  where given.unit not in (select unit from replayed) and given.unit not in (select unit from stale)
),
foremost as materialized (
  select distinct on (id) unit, id, used_by from asked order by id, unit
),
locked as materialized (
  select foremost.unit, foremost.id, foremost.used_by from foremost join approval on approval.id = foremost.id
  where approval.state = 'approved' and approval.valid_until > $10
  order by approval.id for update of approval
),
used as (
  update approval set state = 'used', used_by = locked.used_by from locked
  where approval.id = locked.id and approval.state = 'approved'
  returning locked.unit
),
unused as materialized (
  select unit from asked where unit not in (select unit from used)
),
written as (
  insert into entry (id, at, type, actor, about, task, body, sealed)
  select given.id, given.at, given.type, given.actor, given.about, given.task, given.body, given.sealed
  from unnest($11::integer[], $12::text[], $13::timestamptz[], $14::text[], $15::text[], $16::text[], $17::text[], string_to_array($18, '${bodySeparator}'), $19::bytea[])
    as given (unit, id, at, type, actor, about, task, body, sealed)
  where given.unit not in (select unit from replayed)
    and given.unit not in (select unit from stale)
    and given.unit not in (select unit from unused)
  on conflict (id) do nothing
  returning id
),
queued as (
  insert into unsequenced (id) select id from written
),
opened as (
  insert into task (id, agent, requester, answerable, trigger, purpose, parent, state, expires_at, created_at)
  select task->>'id', task->>'agent', task->>'requester', task->>'answerable', task->>'trigger', task->>'purpose', task->>'parent',
         task->>'state', (task->>'expiresAt')::timestamptz, (task->>'createdAt')::timestamptz
  from unnest($20::integer[], $21::jsonb[]) as given (unit, task)
  where given.unit not in (select unit from replayed)
    and given.unit not in (select unit from stale)
    and given.unit not in (select unit from unused)
  on conflict (id) do nothing
)
select unit, 'replayed' as result from replayed
union all select unit, 'stale' from stale
union all select unit, 'approval' from unused`;

/**
 * Commits units together and says what became of each, in their order. Rejects when the database refuses the statement:
 * then none of it happened. An entry that was written before, under the same id, is not written again, so that a unit
 * without spends may be tried again when nobody knows what became of it.
 */
export async function commitUnits(query: Query, units: readonly CommitUnit[], now: Date): Promise<CommitResult[]> {
  const spent = new Set<string>();
  const results = units.map((unit): CommitResult => (spendsAgain(unit, spent) ? 'replayed' : 'committed'));
  const fresh = units.map((unit, at) => ({ unit, at })).filter(({ at }) => results[at] === 'committed');
  const { rows } = await query<{ unit: number; result: CommitResult }>(text, valuesOf(fresh, now), 'commit');
  for (const { unit, result } of rows) {
    if (results[unit] === 'committed') results[unit] = result;
  }
  return results;
}

/** Whether a unit spends what an earlier unit of the same batch spends, or the same thing twice. */
function spendsAgain({ spends }: CommitUnit, spent: Set<string>): boolean {
  const keys = spends.map(({ key }) => key.toString('latin1'));
  if (keys.some((key) => spent.has(key)) || new Set(keys).size < keys.length) return true;
  for (const key of keys) spent.add(key);
  return false;
}

type Placed<Of> = Of & { readonly at: number };

function valuesOf(fresh: readonly Placed<{ readonly unit: CommitUnit }>[], now: Date): unknown[] {
  const spends = fresh.flatMap(({ unit, at }) => unit.spends.map((spend) => ({ ...spend, at })));
  const fences = fresh.flatMap(({ unit: { fence }, at }) =>
    fence === undefined ? [] : fence.keys.map((key) => ({ at, change: fence.change, key })),
  );
  const asked = fresh.flatMap(({ unit: { approval }, at }) => (approval === undefined ? [] : [{ ...approval, at }]));
  const entries = fresh.flatMap(({ unit, at }) => unit.entries.map((entry) => ({ at, entry })));
  const tasks = fresh.flatMap(({ unit, at }) => (unit.tasks ?? []).map((task) => ({ at, task: JSON.stringify(task) })));
  const of = <Key extends keyof Entry>(key: Key) => entries.map(({ entry }) => entry[key]);
  return [
    spends.map(({ at }) => at),
    spends.map(({ key }) => key),
    spends.map(({ expiresAtMs }) => new Date(expiresAtMs).toISOString()),
    fences.map(({ at }) => at),
    fences.map(({ change }) => change),
    fences.map(({ key }) => key),
    asked.map(({ at }) => at),
    asked.map(({ id }) => id),
    asked.map(({ usedBy }) => usedBy),
    now,
    entries.map(({ at }) => at),
    of('id'),
    of('at').map((at) => at.toISOString()),
    of('type'),
    of('actor'),
    of('about'),
    of('task'),
    of('body').join(bodySeparator),
    of('sealed'),
    tasks.map(({ at }) => at),
    tasks.map(({ task }) => task),
  ];
}
