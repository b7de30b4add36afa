import type { PolicyView } from '@surety/contract/authority-routes';
import type { Tx } from '#kernel/db';
import type { OrganisationPolicyRow } from '#store/rows';

const columns = 'version, text, published_by, published_at';

/** The organisation's policy as it is in force: the newest version. */
export async function findPolicy(tx: Tx): Promise<PolicyView | undefined> {
  const { rows } = await tx.query<OrganisationPolicyRow>(
    `select ${columns} from organisation_policy order by version desc limit 1`,
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

/** Adds a version. Earlier ones stay. */
export async function addPolicyVersion(tx: Tx, { version, text, publishedBy, publishedAt }: PolicyView): Promise<void> {
  await tx.query(`insert into organisation_policy (${columns}) values ($1, $2, $3, $4)`, [
    version,
    text,
    publishedBy,
    publishedAt,
  ]);
}

/** One writer of policies and roles at a time, so that versions count up by one. Until the transaction ends. */
export async function lockPolicies(tx: Tx): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('surety policy', 0))`);
}

function fromRow(row: OrganisationPolicyRow): PolicyView {
  return { version: row.version, text: row.text, publishedBy: row.published_by, publishedAt: row.published_at.toISOString() };
}
