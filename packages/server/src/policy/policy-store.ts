import type { PolicyView } from '@surety/contract/authority-routes';
import { type HistoryRule, HistoryRules } from '@surety/contract/history';
import type { Tx } from '#kernel/db';
import type { OrganisationPolicyRow } from '#store/rows';

const columns = 'version, text, rules, published_by, published_at';

/** The organisation's policy as it is in force: the newest version that is in force for everyone. */
export async function findPolicy(tx: Tx): Promise<PolicyView | undefined> {
  const { rows } = await tx.query<OrganisationPolicyRow>(
    `select ${columns} from organisation_policy where in_force order by version desc limit 1`,
    [],
    'policy-newest',
  );
  return rows[0] && fromRow(rows[0]);
}

/** One version, for computing a decision again. */
export async function findPolicyVersion(tx: Tx, version: number): Promise<PolicyView | undefined> {
  const { rows } = await tx.query<OrganisationPolicyRow>(`select ${columns} from organisation_policy where version = $1`, [
    version,
  ]);
  return rows[0] && fromRow(rows[0]);
}

/** Adds a version. Earlier ones stay. Without `rules` it has those that are in force. */
export async function addPolicyVersion(
  tx: Tx,
  {
    version,
    text,
    rules,
    publishedBy,
    publishedAt,
  }: Omit<PolicyView, 'rules'> & { readonly rules?: readonly HistoryRule[] | undefined },
): Promise<void> {
  await tx.query(
    `insert into organisation_policy (version, text, rules, published_by, published_at)
     values ($1, $2, coalesce($3::jsonb, (select rules from organisation_policy where in_force order by version desc limit 1), '[]'), $4, $5)`,
    [version, text, rules === undefined ? null : JSON.stringify(rules), publishedBy, publishedAt],
  );
}

/** The number that the next version has: also those that were in force for a stage only have theirs. */
export async function nextPolicyVersion(tx: Tx): Promise<number> {
  const { rows } = await tx.query<{ next: number }>('select coalesce(max(version), 0) + 1 as next from organisation_policy');
  return rows[0]?.next ?? 1;
}

/** Says whether a version is in force for everyone. What it says stays. */
export async function putInForce(tx: Tx, version: number, inForce: boolean): Promise<void> {
  await tx.query('update organisation_policy set in_force = $2 where version = $1', [version, inForce]);
}

/** The newest versions first, with whether each is, or was, in force for everyone. */
export async function listPolicyVersions(tx: Tx, limit: number): Promise<(PolicyView & { readonly inForce: boolean })[]> {
  const { rows } = await tx.query<OrganisationPolicyRow>(
    `select ${columns}, in_force from organisation_policy order by version desc limit $1`,
    [limit],
  );
  return rows.map((row) => ({ ...fromRow(row), inForce: row.in_force }));
}

/** The version that was in force for everyone before another one. */
export async function findPolicyBefore(tx: Tx, version: number): Promise<PolicyView | undefined> {
  const { rows } = await tx.query<OrganisationPolicyRow>(
    `select ${columns} from organisation_policy where in_force and version < $1 order by version desc limit 1`,
    [version],
  );
  return rows[0] && fromRow(rows[0]);
}

/** Says of a version that it is a return, and from which one. */
export async function markReturn(tx: Tx, version: number, from: number): Promise<void> {
  await tx.query('update organisation_policy set returned_from = $2 where version = $1', [version, from]);
}

/** Whether a version is a return to what an earlier one said. */
export async function isReturn(tx: Tx, version: number): Promise<boolean> {
  const { rowCount } = await tx.query('select from organisation_policy where version = $1 and returned_from is not null', [
    version,
  ]);
  return rowCount > 0;
}

/** Whether a version is, or was, in force for everyone. */
export async function wasInForce(tx: Tx, version: number): Promise<boolean> {
  const { rows } = await tx.query<{ inForce: boolean }>(
    'select in_force as "inForce" from organisation_policy where version = $1',
    [version],
  );
  return rows[0]?.inForce ?? false;
}

/** The version that was in force for everyone at an instant; the first one for an instant before it. */
export async function findPolicyAt(tx: Tx, at: Date): Promise<PolicyView | undefined> {
  const { rows } = await tx.query<OrganisationPolicyRow>(
    `select ${columns} from organisation_policy where in_force
     order by published_at <= $1 desc, case when published_at <= $1 then version end desc nulls last, version limit 1`,
    [at],
  );
  return rows[0] && fromRow(rows[0]);
}

/** One writer of policies and roles at a time, so that versions count up by one. Until the transaction ends. */
export async function lockPolicies(tx: Tx): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('surety policy', 0))`);
}

function fromRow(row: OrganisationPolicyRow): PolicyView {
  const rules = HistoryRules.parse(row.rules);
  return {
    version: row.version,
    text: row.text,
    rules,
    publishedBy: row.published_by,
    publishedAt: row.published_at.toISOString(),
  };
}
