import { canonicalJson, type ExactRecord } from '@surety/contract/exact-json';
import { type AccessQuestion, QuestionError, readObject, readQuestion } from '@surety/decision/authzen/access-question';
import type { Question } from '#approval/approval';
import { askApproval } from '#approval/ask-approval';
import type { Judged } from '#decision/decide-call';
import { newId } from '#kernel/id';
import { record } from '#ledger/record';
import type { AccessResponse } from './access-endpoint.ts';
import { accessProblem } from './access-problem.ts';
import { type AccessRequest, addAccessRequest, findAccessRequestByKey, findAccessRequestFor } from './access-request-store.ts';
import type { AuthzenRoom } from './authzen-room.ts';
import { bindingHash, readBound } from './bound-token.ts';
import { decideHouse } from './decide-house.ts';
import { type HouseQuestion, houseResource, readHouseQuestion } from './house-question.ts';
import type { Pep } from './pep.ts';
import { spendProof, viewRequest } from './view-access-request.ts';

/** What a PEP asks for: that a person is asked about a question that was answered with no. */
type Submission = { readonly body: ExactRecord; readonly idempotencyKey: string | undefined };

/** A submission whose binding is ours. */
type Bound = { readonly question: AccessQuestion; readonly evaluation: string; readonly hash: string };

/**
 * Asks a person about exactly the call that was held (ARAP): the same question to the same person as if the agent had made the
 * call at a gateway, and the same one when it is open already. The decision is made again first: only what is held now can be
 * asked.
 */
export async function requestAccess(room: AuthzenRoom, pep: Pep, { body, idempotencyKey }: Submission): Promise<AccessResponse> {
  await spendProof(room, pep);
  const bound = readBinding(room, pep, body);
  if ('status' in bound) return bound;
  const workload = pep.caller.principal;
  const known = idempotencyKey === undefined ? undefined : await findAccessRequestByKey(room.db, workload, idempotencyKey);
  if (known !== undefined && known.questionDigest !== bound.hash) return keyTaken();
  if (known !== undefined) return { status: 200, body: await viewRequest(room, known) };
  const held = await heldNow(room, pep, bound.question);
  if (held === undefined) return accessProblem('not_requestable', 400, 'This does not wait for a person now');
  const question = await askPerson(room, held);
  const request = await keepRequest(room, pep, { bound, question, idempotencyKey: idempotencyKey ?? null });
  if (request === undefined) return keyTaken();
  return { status: 201, body: await viewRequest(room, request) };
}

function keyTaken(): AccessResponse {
  return accessProblem('duplicate_request', 409, 'This Idempotency-Key stands for another request');
}

function readBinding(room: AuthzenRoom, pep: Pep, body: ExactRecord): Bound | AccessResponse {
  const question = readQuestion(body);
  const token = readObject(body['denial'], '/denial')['binding_token'];
  if (typeof token !== 'string') throw new QuestionError('/denial/binding_token', 'is missing');
  const bound = readBound(room, 'surety-access-denial+jwt', token);
  const hash = bindingHash(question);
  const evaluation = bound?.claims['evaluation_id'];
  const isForThis = bound?.claims['sub'] === pep.caller.principal && bound.claims['binding_hash'] === hash;
  if (!isForThis || typeof evaluation !== 'string')
    return accessProblem('invalid_denial_binding', 400, 'The binding token is not for this question');
  return bound?.isOver === true
    ? accessProblem('expired_denial', 410, 'The denial is too old; ask for the decision again')
    : { question, evaluation, hash };
}

type Held = { readonly house: HouseQuestion; readonly judged: Judged };

async function heldNow(room: AuthzenRoom, pep: Pep, question: AccessQuestion): Promise<Held | undefined> {
  if (question.resource.type !== houseResource) return undefined;
  const house = await readHouseQuestion(room, pep, question);
  if (typeof house === 'string') return undefined;
  const judged = await decideHouse(room, house);
  return judged?.decision.outcome === 'hold' ? { house, judged } : undefined;
}

async function askPerson(room: AuthzenRoom, { house: { caller, call }, judged }: Held): Promise<Question> {
  const action = newId<string>('action', room.clock());
  const agent = await room.facts.agent(caller.principal);
  const { requester, effect, definition, mandate, policyVersion, answerable } = judged;
  return askApproval(room, {
    action,
    agent: caller.principal,
    agentName: agent?.name ?? caller.principal,
    task: caller.task ?? '',
    answerable,
    system: call.system,
    operation: call.operation,
    callDigest: call.digest,
    requester,
    effect,
    definition,
    mandateVersion: mandate?.version ?? null,
    policyVersion,
    because: judged.decision.because,
    argumentsText: canonicalJson(call.arguments),
    heldEntry: (approval) => room.heldEntry({ caller, call, judged, action, approval }),
  });
}

type Kept = { readonly bound: Bound; readonly question: Question; readonly idempotencyKey: string | null };

/**
 * One request of a workload for one question: whoever asks again, or at the same instant, has the same. Undefined when its key
 * came to stand for another at that instant.
 */
async function keepRequest(
  room: AuthzenRoom,
  pep: Pep,
  { bound, question, idempotencyKey }: Kept,
): Promise<AccessRequest | undefined> {
  const { principal: workload } = pep.caller;
  const request: AccessRequest = {
    id: newId<string>('accessRequest', room.clock()),
    workload,
    application: pep.application.id,
    approval: question.id,
    evaluation: bound.evaluation,
    questionDigest: bound.hash,
    idempotencyKey,
    requestedAtMs: room.clock(),
  };
  const isNew = await room.db.transaction(async (tx) => {
    if (!(await addAccessRequest(tx, request))) return false;
    const { application, id, evaluation } = request;
    const data = { application, request: id, approval: question.id, evaluation };
    await record(tx, room.clock, { type: 'access.requested', actor: workload, about: question.action, data });
    return true;
  });
  return isNew ? request : findAccessRequestFor(room.db, workload, question.id);
}
