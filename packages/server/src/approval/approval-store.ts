import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import type { ApprovalRow } from '#store/rows';
import type { Question } from './approval.ts';

const columns = `id, action, agent, task, answerable, system, operation, effect, call_digest, question_digest, definition, mandate_version,
  policy_version, because, sealed, state, asked_at, expires_at, valid_until, answered_by, answered_at, signature, reason, used_by, requester`;

/** The newest question about exactly this call of this agent for this requester, whatever became of it. */
export async function findQuestion(
  tx: Tx,
  { agent, callDigest, requester }: Pick<Question, 'agent' | 'callDigest' | 'requester'>,
): Promise<Question | undefined> {
  const { rows } = await tx.query<ApprovalRow>(
    `select ${columns} from approval where agent = $1 and call_digest = $2 and requester = $3 order by id desc limit 1`,
    [agent, callDigest, requester],
    'approval-by-call',
  );
  return rows[0] && fromRow(rows[0]);
}

export async function findApproval(tx: Tx, id: string): Promise<Question | undefined> {
  const { rows } = await tx.query<ApprovalRow>(`select ${columns} from approval where id = $1`, [id], 'approval-by-id');
  return rows[0] && fromRow(rows[0]);
}

/** Reads a question and holds its row until the transaction ends. */
export async function lockApproval(tx: Tx, id: string): Promise<Question> {
  const { rows } = await tx.query<ApprovalRow>(`select ${columns} from approval where id = $1 for update`, [id]);
  if (!rows[0]) throw new Fault('approval.not_found');
  return fromRow(rows[0]);
}

/** Newest first, at most 500; `state` as stored. */
export async function listApprovals(tx: Tx, filter: { state?: string; answerable?: string }): Promise<Question[]> {
  const { rows } = await tx.query<ApprovalRow>(
    `select ${columns} from approval where ($1::text is null or state = $1) and ($2::text is null or answerable = $2)
     order by id desc limit 500`,
    [filter.state ?? null, filter.answerable ?? null],
  );
  return rows.map(fromRow);
}

/** Questions and unused yeses whose time is over, locked; those another node works on are left to it. */
export async function lockOverdue(tx: Tx, now: Date, limit: number): Promise<Question[]> {
  const { rows } = await tx.query<ApprovalRow>(
    `select ${columns} from approval
     where (state = 'pending' and expires_at <= $1) or (state = 'approved' and valid_until <= $1)
     order by id limit $2 for update skip locked`,
    [now, limit],
  );
  return rows.map(fromRow);
}

export async function countPending(tx: Tx): Promise<number> {
  const { rows } = await tx.query<{ count: number }>(`select count(*) as count from approval where state = 'pending'`);
  return rows[0]?.count ?? 0;
}

export async function addApproval(tx: Tx, question: Question): Promise<void> {
  const names = columns.split(',').length;
  const places = Array.from({ length: names }, (_, at) => `$${at + 1}`).join(', ');
  await tx.query(`insert into approval (${columns}) values (${places})`, toRow(question));
}

export async function saveAnswer(tx: Tx, question: Question): Promise<void> {
  await tx.query(
    `update approval set state = $2, valid_until = $3, answered_by = $4, answered_at = $5, signature = $6, reason = $7 where id = $1`,
    [
      question.id,
      question.state,
      dateOf(question.validUntilMs),
      question.answeredBy,
      dateOf(question.answeredAtMs),
      question.signature,
      question.reason,
    ],
  );
}

function dateOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}

function toRow(one: Question): unknown[] {
  return [
    one.id,
    one.action,
    one.agent,
    one.task,
    one.answerable,
    one.system,
    one.operation,
    one.effect,
    one.callDigest,
    one.questionDigest,
    one.definition,
    one.mandateVersion,
    one.policyVersion,
    one.because,
    one.sealed,
    one.state,
    dateOf(one.askedAtMs),
    dateOf(one.expiresAtMs),
    dateOf(one.validUntilMs),
    one.answeredBy,
    dateOf(one.answeredAtMs),
    one.signature,
    one.reason,
    one.usedBy,
    one.requester,
  ];
}

function fromRow(row: ApprovalRow): Question {
  return {
    id: row.id,
    action: row.action,
    agent: row.agent,
    task: row.task,
    answerable: row.answerable,
    system: row.system,
    operation: row.operation,
    effect: row.effect,
    callDigest: row.call_digest,
    questionDigest: row.question_digest,
    definition: row.definition,
    mandateVersion: row.mandate_version,
    policyVersion: row.policy_version,
    because: row.because,
    sealed: row.sealed,
    state: row.state as Question['state'],
    askedAtMs: row.asked_at.getTime(),
    expiresAtMs: row.expires_at.getTime(),
    validUntilMs: row.valid_until?.getTime() ?? null,
    answeredBy: row.answered_by,
    answeredAtMs: row.answered_at?.getTime() ?? null,
    signature: row.signature,
    reason: row.reason,
    usedBy: row.used_by,
    requester: row.requester,
  };
}
