import { type Question, stateAt } from '#approval/approval';
import { findApproval } from '#approval/approval-store';
import { instant } from '#kernel/clock';
import { Fault } from '#kernel/fault';
import type { AccessResponse } from './access-endpoint.ts';
import { accessProblem } from './access-problem.ts';
import { type AccessRequest, findAccessRequest } from './access-request-store.ts';
import type { AuthzenRoom } from './authzen-room.ts';
import { signBound } from './bound-token.ts';
import { accessPaths } from './pdp-metadata.ts';
import type { Pep } from './pep.ts';

/** What a question to a person has come to, in the words of ARAP. A yes that was used has been one. */
const statuses: Readonly<Record<Question['state'], string>> = {
  pending: 'pending',
  approved: 'approved',
  used: 'approved',
  refused: 'denied',
  expired: 'expired',
};

/** What became of a request, for the workload that made it. Its proof is spent first. */
export async function answerStatus(room: AuthzenRoom, pep: Pep, id: string): Promise<AccessResponse> {
  await spendProof(room, pep);
  const request = await findAccessRequest(room.db, id);
  if (request?.workload !== pep.caller.principal) return accessProblem('unknown_task', 404, 'There is no such request of yours');
  return { status: 200, body: await viewRequest(room, request) };
}

/** A proof is good once, also for what only reads. */
export async function spendProof({ queue }: AuthzenRoom, { spend }: Pep): Promise<void> {
  if ((await queue.commit({ entries: [], spends: [spend] })) === 'replayed') throw new Fault('dpop.proof_replayed');
}

/**
 * A request as its maker sees it. Where there is a yes, `result` has what brings it back: a statement of ours for this workload
 * about exactly this question, which proves nothing but that; the yes itself is the signed answer that we keep.
 */
export async function viewRequest(room: AuthzenRoom, request: AccessRequest): Promise<object> {
  const question = await findApproval(room.db, request.approval);
  if (question === undefined) throw new Fault('internal', 'a request without its question');
  const state = stateAt(question, room.clock());
  const task = {
    id: request.id,
    status: statuses[state],
    status_endpoint: `${room.issuer}${accessPaths.requests}/${request.id}`,
    expires_at: instant(question.expiresAtMs),
    display: { title: question.because },
  };
  if (state !== 'approved' || question.validUntilMs === null) return { task };
  const approval = {
    id: question.id,
    approved_at: instant(question.answeredAtMs ?? question.askedAtMs),
    approved_until: instant(question.validUntilMs),
    state: signBound(room, 'surety-access-approval+jwt', question.validUntilMs, {
      jti: request.id,
      sub: request.workload,
      approval: question.id,
      binding_hash: request.questionDigest,
    }),
  };
  return { task, result: { mode: 'reevaluate', approval } };
}
