import type { Tx } from '#kernel/db';
import type { PolicyDeployerRow } from '#store/rows';

/** A workload that may propose and deploy policy, and who said so. */
export type PolicyDeployer = { readonly workload: string; readonly namedBy: string; readonly namedAt: string };

/** Whether a workload may propose and deploy policy. */
export async function isDeployer(tx: Tx, workload: string): Promise<boolean> {
  const { rowCount } = await tx.query('select from policy_deployer where workload = $1', [workload], 'deployer-is');
  return rowCount > 0;
}

export async function listDeployers(tx: Tx): Promise<PolicyDeployer[]> {
  const { rows } = await tx.query<PolicyDeployerRow>(
    'select workload, named_by, named_at from policy_deployer order by workload',
  );
  return rows.map((row) => ({ workload: row.workload, namedBy: row.named_by, namedAt: row.named_at.toISOString() }));
}

/** Whether it was not one before. */
export async function addDeployer(tx: Tx, { workload, namedBy, namedAt }: PolicyDeployer): Promise<boolean> {
  const { rowCount } = await tx.query(
    'insert into policy_deployer (workload, named_by, named_at) values ($1, $2, $3) on conflict (workload) do nothing',
    [workload, namedBy, namedAt],
  );
  return rowCount > 0;
}

/** Whether it was one before. */
export async function removeDeployer(tx: Tx, workload: string): Promise<boolean> {
  const { rowCount } = await tx.query('delete from policy_deployer where workload = $1', [workload]);
  return rowCount > 0;
}
