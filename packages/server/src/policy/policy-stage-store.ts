import { StageScope } from '@surety/contract/lab';
import type { Tx } from '#kernel/db';
import type { PolicyStageRow } from '#store/rows';

/** A version that is in force for some agents first, and for whom. */
export type PolicyStage = { readonly version: number; readonly scope: StageScope; readonly salt: string };

/** The stage that there is now, if there is one. */
export async function findStage(tx: Tx): Promise<PolicyStage | undefined> {
  const { rows } = await tx.query<Pick<PolicyStageRow, 'version' | 'scope' | 'salt'>>(
    'select version, scope, salt from policy_stage where ended_at is null',
    [],
    'policy-stage',
  );
  const [row] = rows;
  return row && { version: row.version, scope: StageScope.parse(row.scope), salt: row.salt };
}

export async function addStage(tx: Tx, { version, scope, salt }: PolicyStage): Promise<void> {
  await tx.query('insert into policy_stage (version, scope, salt) values ($1, $2, $3)', [version, JSON.stringify(scope), salt]);
}

/** Says anew for whom a version is in force. */
export async function saveStage(tx: Tx, { version, scope }: Omit<PolicyStage, 'salt'>): Promise<void> {
  await tx.query('update policy_stage set scope = $2 where version = $1 and ended_at is null', [version, JSON.stringify(scope)]);
}

/** Ends the stage of a version. */
export async function endStage(tx: Tx, version: number, at: string): Promise<void> {
  await tx.query('update policy_stage set ended_at = $2 where version = $1 and ended_at is null', [version, at]);
}
