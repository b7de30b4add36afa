import type { Task } from '@surety/contract/task';
import { bigintArray, byteaArray, integerArray, textArray, timeArray } from './binary-arrays.ts';
import type { Deed, Settlement } from './deed.ts';
import { deedArrays, deedColumns, deedTypes, deedValues } from './deed-rows.ts';
import type { Entry } from './entry.ts';
import type { Metering } from './metering.ts';
import type { Spend } from './spend-key.ts';
import type { TreeSight } from './tree-sight.ts';

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
  /** What this act does, for whatever counts it. */
  readonly deed?: Deed | undefined;
  /** How an earlier act ended. */
  readonly settles?: Settlement | undefined;
  /** What must leave room for the deed. Such a unit is committed by `commit-metered.ts`. */
  readonly metering?: Metering | undefined;
  /** Values that came back with this act, for the tree of its task. */
  readonly sights?: readonly TreeSight[] | undefined;
};

/**
 * What became of a unit. Anything but `committed` wrote none of its entries and tasks and used no approval; its spends may
 * stay spent. `replayed`: something was spent before; `stale`: the fence; `approval`: not approved, too late, or used;
 * `limit`: what it was to be counted against leaves no room any more.
 */
export type CommitResult = 'committed' | 'replayed' | 'stale' | 'approval' | 'limit';

export type Query = <Row>(text: string, values: unknown[], name: string) => Promise<{ rows: Row[] }>;

/**
 * One statement for a batch of units: a transaction of its own, one round trip, one flush of the log of the database. It
 * has only the parts for what the batch holds: starting a part costs, also when there is nothing for it to do.
 *
 * The order of the locks is the argument that two nodes cannot wait for each other: all keys are spent first, in their
 * order, and only then approvals are locked, in theirs; `not in (select …)` is a hashed subplan, which reads its whole
 * list before the first row passes. Two batches that want the same key or approval take turns, and the second loses.
 *
 * Of units in one batch that want the same approval only the first that is neither replayed nor stale is let near it.
 * Deeds are written after everything that can speak against a unit. A deed is settled by whoever made it, so that nobody else
 * waits for its row.
 *
 * It names the tables of other rooms, `change`, `approval` and `task`, because all of this must happen at one instant.
 *
 * `?` stands for the next parameter. `passed` is true of a unit for which no part above has found a reason against it.
 */
const parts = {
  spends: () => `
spend as materialized (
  select given.unit, given.key, given.expires_at
  from unnest(?::integer[], ?::bytea[], ?::timestamptz[]) as given (unit, key, expires_at)
),
claimed as (
  insert into spent_proof (key, expires_at) select key, expires_at from spend order by key
  on conflict (key) do nothing returning key
),
replayed as materialized (
  select unit from spend where key not in (select key from claimed)
)`,
  fences: () => `
stale as materialized (
  select given.unit from unnest(?::integer[], ?::bigint[], ?::text[]) as given (unit, change, key)
  where given.change < (select max(number) from change)
    and given.change < (select max(number) from change where change.key = given.key)
)`,
  approvals: (passed) => `
asked as materialized (
  select given.unit, given.id, given.used_by from unnest(?::integer[], ?::text[], ?::text[]) as given (unit, id, used_by)
  where ${passed}
),
foremost as materialized (
  select distinct on (id) unit, id, used_by from asked order by id, unit
),
locked as materialized (
  select foremost.unit, foremost.id, foremost.used_by from foremost join approval on approval.id = foremost.id
  where approval.state = 'approved' and approval.valid_until > ?
  order by approval.id for update of approval
),
used as (
  update approval set state = 'used', used_by = locked.used_by from locked
  where approval.id = locked.id and approval.state = 'approved'
  returning locked.unit
),
unused as materialized (
  select unit from asked where unit not in (select unit from used)
)`,
  entries: (passed) => `
written as (
  insert into entry (id, at, type, actor, about, task, body, sealed)
  select given.id, given.at, given.type, given.actor, given.about, given.task, given.body, given.sealed
  from unnest(?::integer[], ?::text[], ?::timestamptz[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::bytea[])
    as given (unit, id, at, type, actor, about, task, body, sealed)
  where ${passed}
  on conflict (id) do nothing
  returning id
),
queued as (
  insert into unsequenced (id) select id from written
)`,
  tasks: (passed) => `
opened as (
  insert into task (id, agent, requester, answerable, trigger, purpose, parent, root, depth, granted, instance, asked,
                    state, expires_at, created_at, opened_after)
  select task->>'id', task->>'agent', task->>'requester', task->>'answerable', task->>'trigger', task->>'purpose', task->>'parent',
         task->>'root', (task->>'depth')::integer, nullif(task->'grant', 'null'), task->>'instance', task->'asked', task->>'state', (task->>'expiresAt')::timestamptz, (task->>'createdAt')::timestamptz,
         (select coalesce(max(number), 0) from change)
  from (select unit, body::jsonb as task from unnest(?::integer[], ?::text[]) as one (unit, body)) as given
  where ${passed}
  on conflict (id) do nothing
)`,
  deed: (passed) => `
reserved as (
  insert into deed (${deedColumns})
  select ${deedTypes.map((type) => `?::${type}`).join(', ')} from (select ?::integer as unit) as given where ${passed}
)`,
  deeds: (passed) => `
reserved as (
  insert into deed (${deedColumns})
  select ${deedColumns} from unnest(?::integer[], ${deedTypes.map((type) => `?::${type}[]`).join(', ')}) as given (unit, ${deedColumns})
  where ${passed}
)`,
  settlements: (passed) => `
settled as (
  update deed set released = deed.released or given.is_released = 1,
                  body = case when given.rows = -1 then deed.body else deed.body || jsonb_build_object('rows', given.rows) end
  from unnest(?::integer[], ?::text[], ?::integer[], ?::integer[]) as given (unit, action, is_released, rows)
  where deed.action = given.action and ${passed}
)`,
  sights: (passed) => `
sighted as (
  insert into tree_value (root, fingerprint, is_untrusted, labels, system, operation, action, at)
  select root, fingerprint, is_untrusted, array(select distinct unnest(string_to_array(labels, ' ')) order by 1), system, operation, action, at
  from (
    select root, fingerprint, kind = 1 as is_untrusted, string_agg(nullif(labels, ''), ' ') as labels, (array_agg(system order by at))[1] as system,
           (array_agg(operation order by at))[1] as operation, (array_agg(action order by at))[1] as action, min(at) as at
    from unnest(?::integer[], ?::text[], ?::bytea[], ?::integer[], ?::text[], ?::text[], ?::text[], ?::text[], ?::timestamptz[])
      as given (unit, root, fingerprint, kind, labels, system, operation, action, at)
    where ${passed}
    group by root, fingerprint, kind
  ) as once
  order by root, fingerprint, is_untrusted
  on conflict (root, fingerprint, is_untrusted) do update
    set labels = array(select distinct unnest(tree_value.labels || excluded.labels) order by 1)
    where not excluded.labels <@ tree_value.labels
)`,
} satisfies Record<string, (passed: string) => string>;

type PartName = keyof typeof parts;

const partNames = Object.keys(parts) as PartName[];

/** Where a part says which units it speaks against, and the word for it. */
const verdicts: Partial<Record<PartName, { readonly from: string; readonly result: CommitResult }>> = {
  spends: { from: 'replayed', result: 'replayed' },
  fences: { from: 'stale', result: 'stale' },
  approvals: { from: 'unused', result: 'approval' },
};

function compose(names: readonly PartName[]): string {
  const passed: string[] = [];
  const found: string[] = [];
  const texts = names.map((name) => {
    const text = parts[name](passed.length === 0 ? 'true' : passed.join(' and '));
    const verdict = verdicts[name];
    if (verdict === undefined) return text;
    passed.push(`given.unit not in (select unit from ${verdict.from})`);
    found.push(`select unit, '${verdict.result}' as result from ${verdict.from}`);
    return text;
  });
  const nothing = 'select 0 as unit, null as result where false';
  let parameter = 0;
  return `with${texts.join(',')}\n${found.join(' union all ') || nothing}`.replaceAll('?', () => `$${++parameter}`);
}

function nameOf(names: readonly PartName[]): string {
  return `commit ${names.join(' ')}`;
}

/** Every combination of parts that can come up, by name: a connection prepares those that do. */
const statements: ReadonlyMap<string, string> = new Map(
  Array.from({ length: 2 ** partNames.length - 1 }, (_, bits) => partNames.filter((_name, at) => ((bits + 1) >> at) & 1))
    .filter((names) => !(names.includes('deed') && names.includes('deeds')))
    .map((names) => [nameOf(names), compose(names)]),
);

/**
 * Commits units together and says what became of each, in their order. Rejects when the database refuses the statement:
 * then none of it happened. An entry that was written before, under the same id, is not written again, so that a unit
 * without spends may be tried again when nobody knows what became of it.
 */
export async function commitUnits(query: Query, units: readonly CommitUnit[], now: Date): Promise<CommitResult[]> {
  const spent = new Set<string>();
  const results = units.map((unit): CommitResult => (spendsAgain(unit, spent) ? 'replayed' : 'committed'));
  const values = valuesOf(
    units.map((unit, at) => ({ unit, at })).filter(({ at }) => results[at] === 'committed'),
    now,
  );
  const names = partNames.filter((name) => values[name] !== undefined);
  const name = nameOf(names);
  const text = statements.get(name);
  if (text === undefined) return results; // nothing is left to be written
  const { rows } = await query<{ unit: number; result: CommitResult }>(
    text,
    names.flatMap((one) => values[one] ?? []),
    name,
  );
  for (const { unit, result } of rows) {
    if (results[unit] === 'committed') results[unit] = result;
  }
  return results;
}

/** Whether a unit spends what an earlier unit of the same batch spends, or the same thing twice. */
function spendsAgain({ spends }: CommitUnit, spent: Set<string>): boolean {
  if (spends.length === 0) return false;
  const keys = spends.map(({ key }) => key.toString('latin1'));
  if (keys.some((key) => spent.has(key)) || new Set(keys).size < keys.length) return true;
  for (const key of keys) spent.add(key);
  return false;
}

type Fresh = readonly { readonly unit: CommitUnit; readonly at: number }[];

/** The parameters of each part that has something to do, in the order of its text. */
function valuesOf(fresh: Fresh, now: Date): Partial<Record<PartName, readonly unknown[]>> {
  const spends = fresh.flatMap(({ unit, at }) => unit.spends.map((spend) => ({ at, spend })));
  const fences = fresh.flatMap(({ unit: { fence }, at }) =>
    fence === undefined ? [] : fence.keys.map((key) => ({ at, change: fence.change, key })),
  );
  const asked = fresh.flatMap(({ unit: { approval }, at }) => (approval === undefined ? [] : [{ ...approval, at }]));
  const entries = fresh.flatMap(({ unit, at }) => unit.entries.map((entry) => ({ at, entry })));
  const deeds = fresh.flatMap(({ unit: { deed }, at }) => (deed === undefined ? [] : [{ at, deed }]));
  const settlements = fresh.flatMap(({ unit: { settles }, at }) => (settles === undefined ? [] : [{ at, ...settles }]));
  const tasks = fresh.flatMap(({ unit, at }) => (unit.tasks ?? []).map((task) => ({ at, task })));
  const sights = fresh.flatMap(({ unit, at }) => (unit.sights ?? []).map((sight) => ({ at, sight })));
  const at = (placed: readonly { readonly at: number }[]) => integerArray(placed.map((one) => one.at));
  return {
    ...(spends.length > 0 && {
      spends: [
        at(spends),
        byteaArray(spends.map(({ spend }) => spend.key)),
        timeArray(spends.map(({ spend }) => spend.expiresAtMs)),
      ],
    }),
    ...(fences.length > 0 && {
      fences: [at(fences), bigintArray(fences.map(({ change }) => change)), textArray(fences.map(({ key }) => key))],
    }),
    ...(asked.length > 0 && {
      approvals: [at(asked), textArray(asked.map(({ id }) => id)), textArray(asked.map(({ usedBy }) => usedBy)), now],
    }),
    ...(entries.length > 0 && { entries: [at(entries), ...entryColumns(entries.map(({ entry }) => entry))] }),
    ...(tasks.length > 0 && { tasks: [at(tasks), textArray(tasks.map(({ task }) => JSON.stringify(task)))] }),
    ...deedParts(deeds, at),
    ...(settlements.length > 0 && { settlements: [at(settlements), ...settlementColumns(settlements)] }),
    ...(sights.length > 0 && { sights: [at(sights), ...sightColumns(sights.map(({ sight }) => sight))] }),
  };
}

function sightColumns(sights: readonly TreeSight[]): readonly Buffer[] {
  return [
    textArray(sights.map(({ root }) => root)),
    byteaArray(sights.map(({ fingerprint }) => fingerprint)),
    integerArray(sights.map(({ isUntrusted }) => (isUntrusted ? 1 : 0))),
    textArray(sights.map(({ labels }) => labels)),
    textArray(sights.map(({ system }) => system)),
    textArray(sights.map(({ operation }) => operation)),
    textArray(sights.map(({ action }) => action)),
    timeArray(sights.map(({ atMs }) => atMs)),
  ];
}

function entryColumns(entries: readonly Entry[]): readonly Buffer[] {
  return [
    textArray(entries.map(({ id }) => id)),
    timeArray(entries.map(({ at }) => at.getTime())),
    textArray(entries.map(({ type }) => type)),
    textArray(entries.map(({ actor }) => actor)),
    textArray(entries.map(({ about }) => about)),
    textArray(entries.map(({ task }) => task)),
    textArray(entries.map(({ body }) => body)),
    byteaArray(entries.map(({ sealed }) => sealed)),
  ];
}

type Placed<One> = One & { readonly at: number };

/** One deed goes without arrays, which cost more than its row. */
function deedParts(
  deeds: readonly Placed<{ readonly deed: Deed }>[],
  at: (placed: readonly Placed<object>[]) => Buffer,
): Partial<Record<'deed' | 'deeds', readonly unknown[]>> {
  const [only] = deeds;
  if (only === undefined) return {};
  if (deeds.length === 1) return { deed: [...deedValues(only.deed), only.at] };
  return { deeds: [at(deeds), ...deedArrays(deeds.map(({ deed }) => deed))] };
}

function settlementColumns(settlements: readonly Settlement[]): readonly Buffer[] {
  return [
    textArray(settlements.map(({ action }) => action)),
    integerArray(settlements.map(({ isReleased }) => (isReleased ? 1 : 0))),
    integerArray(settlements.map(({ rows = -1 }) => rows)),
  ];
}
