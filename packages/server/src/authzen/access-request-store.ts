import type { Tx } from '#kernel/db';
import type { AccessRequestRow } from '#store/rows';

/** A question to a person that a PEP asked for (ARAP). What became of it is the question's own state. */
export type AccessRequest = {
  readonly id: string;
  readonly workload: string;
  readonly application: string;
  readonly approval: string;
  /** Name of the evaluation that was answered with no. */
  readonly evaluation: string;
  /** The binding hash of what was asked. */
  readonly questionDigest: string;
  readonly idempotencyKey: string | null;
  readonly requestedAtMs: number;
};

const columns = 'id, workload, application, approval, evaluation, question_digest, idempotency_key, requested_at';

export async function findAccessRequest(tx: Tx, id: string): Promise<AccessRequest | undefined> {
  const { rows } = await tx.query<AccessRequestRow>(`select ${columns} from access_request where id = $1`, [id]);
  return rows[0] && fromRow(rows[0]);
}

/** The request that a workload made under this key. */
export async function findAccessRequestByKey(tx: Tx, workload: string, key: string): Promise<AccessRequest | undefined> {
  const { rows } = await tx.query<AccessRequestRow>(
    `select ${columns} from access_request where workload = $1 and idempotency_key = $2`,
    [workload, key],
  );
  return rows[0] && fromRow(rows[0]);
}

/** The request by which a workload has asked for this question to a person. */
export async function findAccessRequestFor(tx: Tx, workload: string, approval: string): Promise<AccessRequest | undefined> {
  const { rows } = await tx.query<AccessRequestRow>(
    `select ${columns} from access_request where workload = $1 and approval = $2`,
    [workload, approval],
  );
  return rows[0] && fromRow(rows[0]);
}

/** Adds a request; false when the workload has one under this key or for this question already. */
export async function addAccessRequest(tx: Tx, one: AccessRequest): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into access_request (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
    [
      one.id,
      one.workload,
      one.application,
      one.approval,
      one.evaluation,
      one.questionDigest,
      one.idempotencyKey,
      new Date(one.requestedAtMs),
    ],
  );
  return rowCount === 1;
}

function fromRow(row: AccessRequestRow): AccessRequest {
  return {
    id: row.id,
    workload: row.workload,
    application: row.application,
    approval: row.approval,
    evaluation: row.evaluation,
    questionDigest: row.question_digest,
    idempotencyKey: row.idempotency_key,
    requestedAtMs: row.requested_at.getTime(),
  };
}
