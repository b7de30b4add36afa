import type { Reason } from '@surety/contract/decision';
import type { ShadowReport } from '@surety/contract/lab';
import type { Tx } from '#kernel/db';
import type { ShadowCountRow, ShadowDifferenceRow } from '#store/rows';

/** Decisions of one agent and operation that differ in the same way. */
export type ShadowDifference = Omit<ShadowReport['differences'][number], 'agentName'>;

/** What one node has seen of one proposal since it last told. */
export type ShadowTally = {
  readonly proposal: string;
  readonly decisions: number;
  readonly differing: number;
  readonly skipped: number;
  readonly differences: readonly ShadowDifference[];
};

/** Adds what a node has seen to what is known. */
export async function addShadowTally(
  tx: Tx,
  { proposal, decisions, differing, skipped, differences }: ShadowTally,
): Promise<void> {
  await tx.query(
    `insert into shadow_count (proposal, decisions, differing, skipped) values ($1, $2, $3, $4)
     on conflict (proposal) do update set decisions = shadow_count.decisions + excluded.decisions,
       differing = shadow_count.differing + excluded.differing, skipped = shadow_count.skipped + excluded.skipped`,
    [proposal, decisions, differing, skipped],
  );
  const column = <Name extends keyof ShadowDifference>(name: Name) => differences.map((one) => one[name]);
  await tx.query(
    `insert into shadow_difference
       (proposal, agent, system, operation, outcome_now, outcome_then, reason_now, reason_then, decisions, first_at, last_at)
     select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[],
       $10::timestamptz[], $11::timestamptz[])
     on conflict (proposal, agent, system, operation, outcome_now, outcome_then, reason_now, reason_then) do update
       set decisions = shadow_difference.decisions + excluded.decisions,
         first_at = least(shadow_difference.first_at, excluded.first_at), last_at = greatest(shadow_difference.last_at, excluded.last_at)`,
    [
      proposal,
      column('agent'),
      column('system'),
      column('operation'),
      column('before'),
      column('after'),
      column('reasonBefore'),
      column('reasonAfter'),
      column('decisions'),
      column('firstAt'),
      column('lastAt'),
    ],
  );
}

const maxTold = 200;

/** What is known of a proposal in shadow, the most decisions first. Undefined when it was never in shadow long enough. */
export async function findShadow(
  tx: Tx,
  proposal: string,
): Promise<(Omit<ShadowReport, 'differences'> & { differences: ShadowDifference[] }) | undefined> {
  const counts = await tx.query<ShadowCountRow>(
    'select proposal, decisions, differing, skipped from shadow_count where proposal = $1',
    [proposal],
  );
  const [count] = counts.rows;
  if (count === undefined) return undefined;
  const { rows } = await tx.query<ShadowDifferenceRow>(
    `select proposal, agent, system, operation, outcome_now, outcome_then, reason_now, reason_then, decisions, first_at, last_at
     from shadow_difference where proposal = $1 order by decisions desc limit ${maxTold}`,
    [proposal],
  );
  const { decisions, differing, skipped } = count;
  return { decisions, differing, skipped, differences: rows.map(fromRow) };
}

function fromRow(row: ShadowDifferenceRow): ShadowDifference {
  return {
    agent: row.agent,
    system: row.system,
    operation: row.operation,
    before: row.outcome_now as ShadowDifference['before'],
    after: row.outcome_then as ShadowDifference['after'],
    reasonBefore: row.reason_now as Reason,
    reasonAfter: row.reason_then as Reason,
    decisions: row.decisions,
    firstAt: row.first_at.toISOString(),
    lastAt: row.last_at.toISOString(),
  };
}
