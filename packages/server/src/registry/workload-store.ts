import type { PrincipalState, Workload } from '@surety/contract/agent';
import type { HumanId, WorkloadId } from '@surety/contract/id';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import type { WorkloadRow } from '#store/rows';
import { addName } from './name-store.ts';

const columns = 'id, name, display_name, owner, deputies, state, revision, created_at';

export async function findWorkload(tx: Tx, id: string): Promise<Workload | undefined> {
  const { rows } = await tx.query<WorkloadRow>(`select ${columns} from workload where id = $1`, [id], 'workload-by-id');
  return rows[0] && fromRow(rows[0]);
}

/** Reads a workload and holds the row until the transaction ends. */
export async function lockWorkload(tx: Tx, id: string): Promise<Workload> {
  const { rows } = await tx.query<WorkloadRow>(`select ${columns} from workload where id = $1 for update`, [id]);
  if (rows[0] === undefined) throw new Fault('workload.not_found', id);
  return fromRow(rows[0]);
}

/** Every workload, by name. */
export async function listWorkloads(tx: Tx): Promise<Workload[]> {
  const { rows } = await tx.query<WorkloadRow>(`select ${columns} from workload order by name`);
  return rows.map(fromRow);
}

/** The workloads that a person answers for and that have not retired, by name. */
export async function listWorkloadsOf(tx: Tx, owner: string): Promise<Workload[]> {
  const { rows } = await tx.query<WorkloadRow>(
    `select ${columns} from workload where owner = $1 and state <> 'retired' order by name`,
    [owner],
  );
  return rows.map(fromRow);
}

export async function addWorkload(tx: Tx, workload: Workload): Promise<void> {
  await addName(tx, workload.name, workload.id);
  await tx.query(`insert into workload (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8)`, [
    workload.id,
    workload.name,
    workload.displayName,
    workload.owner,
    workload.deputies,
    workload.state,
    workload.revision,
    workload.createdAt,
  ]);
}

export async function saveWorkload(tx: Tx, workload: Workload): Promise<void> {
  await tx.query('update workload set state = $2, revision = $3 where id = $1', [workload.id, workload.state, workload.revision]);
}

function fromRow(row: WorkloadRow): Workload {
  return {
    id: row.id as WorkloadId,
    name: row.name,
    displayName: row.display_name,
    owner: row.owner as HumanId,
    deputies: row.deputies as HumanId[],
    state: row.state as PrincipalState,
    revision: row.revision,
    createdAt: row.created_at.toISOString(),
  };
}
