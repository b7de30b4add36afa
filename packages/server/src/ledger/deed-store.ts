import type { Tx } from '#kernel/db';
import type { DeedMeasure, DeedPattern, DeedQuery, Printed } from './deed.ts';

/** What was counted. `known`: those of the fingerprints asked for that are among distinct values already. */
export type Counted = { readonly amount: string; readonly known: readonly string[]; readonly first: string | null };

type CountRow = { amount: string; known: string[] | null; first: string | null };

export type CountAsked = {
  readonly query: DeedQuery;
  /** What is newer counts; everything, when null. */
  readonly since: Date | null;
  /** What is older counts; everything, when left out. */
  readonly until?: Date | undefined;
  /** Of distinct values: the fingerprints that are asked about. */
  readonly prints: readonly string[];
};

type Ask = (text: string, values: unknown[]) => Promise<{ rows: CountRow[] }>;

/**
 * Counts deeds in one statement, so on one snapshot of the database. What was reserved and has not ended counts, and so does
 * what nobody knows the end of. Amounts come as decimals.
 */
export async function countDeeds(ask: Ask, { query, since, until, prints }: CountAsked): Promise<Counted> {
  const values: unknown[] = [];
  const put = (value: unknown, type: string): string => `$${values.push(value)}::${type}`;
  const conditions = [
    ...whoConditions(query, put),
    ...(since === null ? [] : [`deed.at > ${put(since, 'timestamptz')}`]),
    ...(until === undefined ? [] : [`deed.at < ${put(until, 'timestamptz')}`]),
    ...(query.measure.kind === 'pace' ? [] : ['not deed.released']),
    `(${query.of.map((pattern) => patternCondition(pattern, query.isStrict, put)).join(' or ') || 'false'})`,
    ...query.same.map((one) => sameCondition(one, query.isStrict, put)),
  ];
  const { select, from = '', where = [] } = measureParts(query.measure, prints, put);
  const text = `select ${select}, min(deed.action) as first from deed${from} where ${[...conditions, ...where].join(' and ')}`;
  const { rows } = await ask(text, values);
  const [row] = rows;
  return { amount: row?.amount ?? '0', known: row?.known ?? [], first: row?.first ?? null };
}

type Put = (value: unknown, type: string) => string;

function whoConditions({ root, agents, owner, requester, person }: DeedQuery, put: Put): readonly string[] {
  const asked = agents && put([...agents], 'text[]');
  return [
    ...(root === undefined ? [] : [`deed.root = ${put(root, 'text')}`]),
    ...(asked === undefined ? [] : [`(deed.agent = any(${asked}) or deed.body->'above' ?| ${asked})`]),
    ...(owner === undefined ? [] : [`deed.body->'owners' ? ${put(owner, 'text')}`]),
    ...(requester === undefined ? [] : [`deed.body->>'requester' = ${put(requester, 'text')}`]),
    ...(person === undefined ? [] : [`deed.body->>'person' = ${put(person, 'text')}`]),
  ];
}

function patternCondition({ system, actions, effects, where }: DeedPattern, isStrict: boolean, put: Put): string {
  const parts = [
    ...(system === '*' ? [] : [`deed.system = ${put(system, 'text')}`]),
    ...actionsCondition(actions, put),
    ...(effects === undefined ? [] : [`deed.body->>'effect' = any(${put([...effects], 'text[]')})`]),
    ...where.map((one) => whereCondition(one, isStrict, put)),
  ];
  return parts.length === 0 ? 'true' : `(${parts.join(' and ')})`;
}

function actionsCondition(actions: readonly string[], put: Put): readonly string[] {
  if (actions.some((action) => /^\*+$/.test(action))) return [];
  const exact = actions.filter((action) => !action.includes('*'));
  const open = actions.filter((action) => action.includes('*')).map(likePattern);
  const named = [
    ...(exact.length === 0 ? [] : [`deed.operation = any(${put(exact, 'text[]')})`]),
    ...(open.length === 0 ? [] : [`deed.operation like any(${put(open, 'text[]')})`]),
  ];
  return [`(${named.join(' or ')})`];
}

function likePattern(action: string): string {
  return action.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%');
}

function whereCondition({ at, prints }: Printed, isStrict: boolean, put: Put): string {
  const pointer = put(at, 'text');
  const has = `deed.body->'arguments'->${pointer} ?| ${put([...prints], 'text[]')}`;
  return isStrict ? `(${has})` : `(${has} or not deed.body->'arguments' ? ${pointer})`;
}

/** What is not known of a call whose arguments were not all kept could be the same. */
function sameCondition({ at, prints }: Printed, isStrict: boolean, put: Put): string {
  const pointer = put(at, 'text');
  const has = `deed.body->'arguments'->${pointer} ?| ${put([...prints], 'text[]')}`;
  return isStrict ? `(${has})` : `(${has} or (deed.body ? 'partial' and not deed.body->'arguments' ? ${pointer}))`;
}

type MeasureParts = { readonly select: string; readonly from?: string; readonly where?: readonly string[] };

function measureParts(measure: DeedMeasure, prints: readonly string[], put: Put): MeasureParts {
  switch (measure.kind) {
    case 'count':
    case 'pace':
      return { select: `count(*)::text as amount, null::text[] as known` };
    case 'rows':
      return { select: `coalesce(sum((deed.body->>'rows')::numeric), 0)::text as amount, null::text[] as known` };
    case 'sum': {
      const amount = `deed.body->'amounts'->>${put(measure.at, 'text')}`;
      return {
        select: `coalesce(sum((${amount})::numeric), 0)::text as amount, null::text[] as known`,
        where: [`${amount} is not null`, ...(measure.unit === undefined ? [] : [whereCondition(measure.unit, true, put)])],
      };
    }
    case 'distinct': {
      const at = `deed.body->'arguments'->${put(measure.at, 'text')}`;
      return {
        select: `count(distinct one.print)::text as amount, array_agg(distinct one.print) filter (where one.print = any(${put([...prints], 'text[]')})) as known`,
        from: ` cross join lateral jsonb_array_elements_text(${at}) as one (print)`,
        where: [`${at} is not null`],
      };
    }
  }
}

/** The trees of tasks in which an agent did something, or had it done, the newest first. */
export async function listBusyRoots(tx: Tx, agent: string, limit: number): Promise<string[]> {
  const { rows } = await tx.query<{ root: string }>(
    `select root from deed where agent = $1 or body->'above' ?| array[$1] group by root order by max(at) desc limit $2`,
    [agent, limit],
  );
  return rows.map(({ root }) => root);
}

/** Reads a deed and holds its row until the transaction ends. */
export async function lockDeed(
  tx: Tx,
  action: string,
): Promise<{ readonly agent: string; readonly task: string; readonly at: Date; readonly isReleased: boolean } | undefined> {
  const { rows } = await tx.query<{ agent: string; task: string; at: Date; released: boolean }>(
    `select agent, body->>'task' as task, at, released from deed where action = $1 for update`,
    [action],
  );
  return rows[0] && { agent: rows[0].agent, task: rows[0].task, at: rows[0].at, isReleased: rows[0].released };
}

export async function saveReleased(tx: Tx, action: string): Promise<void> {
  await tx.query('update deed set released = true where action = $1', [action]);
}

/** Deletes what is older than `before`, but for trees of tasks that are open at `now`. `task` is read here, and not changed. */
export async function deleteOldDeeds(tx: Tx, before: Date, now: Date): Promise<number> {
  const { rowCount } = await tx.query(
    `delete from deed where at < $1 and not exists (
       select 1 from task where task.id = deed.root and task.state = 'open' and task.expires_at > $2)`,
    [before, now],
  );
  return rowCount;
}

/** Deletes meters that were made before `before`; whoever needs one makes it again. */
export async function deleteMeters(tx: Tx, before: Date): Promise<void> {
  await tx.query('delete from meter where made_at < $1', [before]);
}
