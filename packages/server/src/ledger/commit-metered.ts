import { addDecimals } from '@surety/decision/counts/decimal';
import { textArray } from './binary-arrays.ts';
import { type CommitResult, type CommitUnit, commitUnits, type Query } from './commit-statement.ts';
import { countDeeds, type Counted } from './deed-store.ts';
import { type Deed, countsDeed } from './deed.ts';
import { type Check, leavesRoom } from './metering.ts';

/** A connection inside a transaction: prepared statements by name, and plain ones. */
export type MeteredConnection = {
  readonly query: Query;
  readonly ask: <Row>(text: string, values?: unknown[]) => Promise<{ rows: Row[] }>;
};

/** Nothing of the batch was done, and it may be done again: a meter that was to be locked was pruned. */
export class MeterGone extends Error {}

/**
 * Commits units that draw on something counted, exactly, on any number of nodes:
 *
 * begin; lock what each of them draws on; read what was counted; decide in memory which still fit; the one statement; commit.
 *
 * The isolation argument. At READ COMMITTED every statement sees what was committed before it began. Reading begins after the
 * last lock was granted, and a lock is granted when its last holder's transaction has become visible. So whoever reads under a
 * lock sees every deed that was written under it before, in flight or ended.
 *
 * Which locks. A limit of one agent's mandate, per agent or per task, counts only calls that this limit concerns as well: of
 * this agent and of those below it, for all of whom the limit is evaluated. So it locks its agent, or its tree of tasks. A limit
 * per owner or for the organisation, and any rule about the past, also counts calls that it does not concern: all of these lock
 * the one meter of the organisation. So of two calls of which each is counted by a check of the other, both hold a lock in
 * common: that of the narrow check, which concerns both, or that of the organisation. Where only one is counted by the other,
 * they stand in the order in which the counted one did not exist yet. No order of commits can exceed a limit.
 *
 * Locks are taken in the order of their keys and before any other lock, so that no two batches wait for each other in a
 * circle. Within the batch units are decided in their order, each counting those before it that went. One of those can still
 * be refused by the statement itself: then a later one may have been refused for nothing, and is decided again.
 */
export async function commitMetered(
  { query, ask }: MeteredConnection,
  units: readonly CommitUnit[],
  now: Date,
): Promise<CommitResult[]> {
  const locks = [...new Set(units.flatMap(({ metering }) => metering?.locks ?? []))].toSorted();
  await ask('begin');
  try {
    await lockMeters({ query, ask }, locks);
    const fits = await whichFit(ask, units);
    const going = units.filter((_unit, at) => fits[at]);
    const results = await commitUnits(query, going, now);
    await ask('commit');
    let next = 0;
    return units.map((_unit, at) => (fits[at] ? (results[next++] ?? 'stale') : 'limit'));
  } catch (thrown) {
    await ask('rollback');
    throw thrown;
  }
}

/** Makes what is to be locked, where it is missing. Before the transaction, so that its locks are taken in one order. */
export async function makeMeters({ query }: Pick<MeteredConnection, 'query'>, keys: readonly string[], now: Date): Promise<void> {
  await query(
    `insert into meter (key, made_at) select key, $2 from unnest($1::text[]) as given (key) order by key on conflict (key) do nothing`,
    [textArray([...keys].toSorted()), now],
    'meter-make',
  );
}

async function lockMeters({ query }: MeteredConnection, keys: readonly string[]): Promise<void> {
  const { rows } = await query<{ key: string }>(
    `select key from meter where key = any($1::text[]) order by key collate "C" for update`,
    [textArray(keys)],
    'meter-lock',
  );
  if (rows.length < keys.length) throw new MeterGone();
}

/** What a query has counted, with what goes in this batch. */
type Meter = { readonly query: Check['query']; amount: string; readonly known: Set<string> };

async function whichFit(ask: MeteredConnection['ask'], units: readonly CommitUnit[]): Promise<boolean[]> {
  const meters = await readMeters(
    ask,
    units.flatMap(({ metering }) => metering?.checks ?? []),
  );
  return units.map((unit) => {
    const checks = unit.metering?.checks ?? [];
    const fits = checks.every((check) => {
      const meter = meters.get(meterKey(check));
      return meter !== undefined && leavesRoom(check, meter);
    });
    if (fits && unit.deed !== undefined) for (const meter of meters.values()) addDeed(meter, unit.deed);
    return fits;
  });
}

/** The same query over the same length of time is read once, as far back as the oldest that asks: never less than is asked. */
async function readMeters(ask: MeteredConnection['ask'], checks: readonly Check[]): Promise<ReadonlyMap<string, Meter>> {
  const groups = Map.groupBy(checks, meterKey);
  const meters = new Map<string, Meter>();
  for (const [key, group] of groups) {
    const [first] = group;
    if (first === undefined) continue;
    const since = first.sinceMs === null ? null : new Date(Math.min(...group.map(({ sinceMs }) => sinceMs ?? 0)));
    const prints = [...new Set(group.flatMap((check) => check.prints))];
    const counted: Counted = await countDeeds(ask, { query: first.query, since, prints });
    meters.set(key, { query: first.query, amount: counted.amount, known: new Set(counted.known) });
  }
  return meters;
}

function meterKey({ key, windowMs }: Check): string {
  return `${windowMs ?? ''} ${key}`;
}

function addDeed(meter: Meter, deed: Deed): void {
  if (!countsDeed(meter.query, deed)) return;
  const { measure } = meter.query;
  switch (measure.kind) {
    case 'count':
    case 'pace':
      meter.amount = addDecimals(meter.amount, '1');
      return;
    case 'rows':
      meter.amount = addDecimals(meter.amount, String(deed.rows ?? 0));
      return;
    case 'sum':
      meter.amount = addDecimals(meter.amount, deed.amounts[measure.at] ?? '0');
      return;
    case 'distinct':
      for (const print of deed.prints[measure.at] ?? []) {
        if (meter.known.has(print)) continue;
        meter.known.add(print);
        meter.amount = addDecimals(meter.amount, '1');
      }
  }
}
