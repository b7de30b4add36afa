import type { Tx } from '#kernel/db';
import type { InstanceRow } from '#store/rows';

/**
 * Where a key came from: whose word, about whom, by which match, and which copy it was where the platform tells them
 * apart.
 */
export type Instance = {
  readonly credential: string;
  readonly issuer: string;
  readonly match: string;
  readonly subject: string;
  readonly instance: string | undefined;
};

const columns = 'credential, issuer, match, subject, instance';

export async function findInstance(tx: Tx, credential: string): Promise<Instance | undefined> {
  const { rows } = await tx.query<InstanceRow>(`select ${columns} from instance where credential = $1`, [credential]);
  return rows[0] && { ...rows[0], instance: rows[0].instance ?? undefined };
}

export async function addInstance(tx: Tx, { credential, issuer, match, subject, instance }: Instance): Promise<void> {
  const values = [credential, issuer, match, subject, instance ?? null];
  await tx.query(`insert into instance (${columns}) values ($1, $2, $3, $4, $5)`, values);
}

/** Says by which match the key is vouched for. */
export async function saveInstance(tx: Tx, { credential, match }: Pick<Instance, 'credential' | 'match'>): Promise<void> {
  await tx.query('update instance set match = $2 where credential = $1', [credential, match]);
}

/** The keys that came by one match. */
export async function listInstancesOfMatch(tx: Tx, match: string): Promise<string[]> {
  const { rows } = await tx.query<{ credential: string }>(
    'select credential from instance where match = $1 order by credential',
    [match],
  );
  return rows.map(({ credential }) => credential);
}
