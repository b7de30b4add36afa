import type { AuthenticatedCaller } from '@surety/contract/enforcement';
import {
  ExactJsonError,
  type ExactRecord,
  ExactNumber,
  isExactRecord,
  readExactJson,
  writeExactJson,
} from '@surety/contract/exact-json';
import type { ForwardEnd } from './forward.ts';
import { forwardToSystem } from './forward-to-system.ts';
import type { Ask } from './ask.ts';
import type { Guard } from './guard.ts';
import { HouseFault } from './house-fault.ts';
import { lookAt } from './look-at.ts';
import { listedTools } from './listed-tools.ts';
import type { Treatment } from './method-table.ts';
import { offeredAnswer, offeredParams } from './offered.ts';
import type { Message } from './read-message.ts';
import { Rejection } from './rejection.ts';

/** Levels and values in an answer that is rewritten here. */
const answerLimits = { depth: 256, nodes: 1_000_000 };

/** A posted message that is admitted and relayed without a decision of its own, as the table of methods says. */
export async function passOn(guard: Guard, ask: Ask, message: Message, treatment: Exclude<Treatment, 'decide'>): Promise<void> {
  await admit(guard, ask.caller);
  if (treatment === 'cancel') return cancel(guard, ask, message);
  if (treatment === 'answer' && ask.mcpSession === undefined)
    throw new Rejection(400, 'invalid_request', 'This must belong to a session.');
  const id = message.kind === 'request' ? message.id : undefined;
  const params = message.kind === 'response' ? undefined : offeredParams(message.params);
  const end = await forwardToSystem(guard, ask, {
    verb: 'POST',
    id,
    ...(message.kind === 'response' ? {} : { method: message.method }),
    ...(params === undefined ? {} : { params }),
    body: params === undefined || message.body['params'] === undefined ? message.body : { ...message.body, params },
    withNotices: treatment !== 'offer',
    ...(treatment === 'stream' ? { openUntilSeconds: ask.caller.expiresAtSeconds } : {}),
  });
  await release(guard, ask, treatment, end);
}

/** The stream of a session (GET) or its end (DELETE), as MCP 2025-11-25 has them. */
export async function passSession(guard: Guard, ask: Ask, verb: 'GET' | 'DELETE'): Promise<void> {
  await admit(guard, ask.caller);
  const stream = verb === 'GET' ? { openUntilSeconds: ask.caller.expiresAtSeconds } : {};
  const end = await forwardToSystem(guard, ask, { verb, id: undefined, withNotices: true, ...stream });
  await release(guard, ask, verb === 'GET' ? 'stream' : 'pass', end);
}

/** Caller live, proof spent, once and durably. Throws the fault that says why not. */
async function admit({ house }: Guard, caller: AuthenticatedCaller): Promise<void> {
  const admission = await house.admit(caller);
  if (admission.ok) return;
  const { reason, because } = admission.decision;
  if (reason === 'proof.replayed') throw new HouseFault('dpop.proof_replayed');
  if (reason === 'house.stale' || reason === 'house.not_ready') throw new HouseFault('service.not_ready');
  throw new Rejection(403, 'denied', because, { status: 'denied', reason });
}

async function cancel(guard: Guard, ask: Ask, message: Message): Promise<void> {
  const requestId = message.kind === 'notification' ? message.params['requestId'] : undefined;
  const id = requestId instanceof ExactNumber ? requestId.toNumber() : requestId;
  if (ask.mcpSession !== undefined) {
    await forwardToSystem(guard, ask, { verb: 'POST', id: undefined, body: message.body, withNotices: false });
  }
  if (typeof id === 'string' || typeof id === 'number') guard.underWay.cancel(ask, id);
  ask.reply.finishEmpty(202);
}

/** Refusals of a system that say something about the request; all others are about the system. */
const passedStatuses = new Set([400, 404, 405]);

async function release(guard: Guard, ask: Ask, treatment: Treatment, end: ForwardEnd): Promise<void> {
  const { reply } = ask;
  if (end.kind === 'cut') return treatment === 'stream' && reply.stop() ? undefined : fail(ask, end);
  if (end.kind === 'failed')
    return end.status !== undefined && passedStatuses.has(end.status) ? reply.finishEmpty(end.status) : fail(ask, end);
  const headers =
    end.mcpSession === undefined || ask.mcpSession !== undefined
      ? {}
      : { 'mcp-session-id': guard.mcpSessions.seal(end.mcpSession, ask.caller, ask.system) };
  if (end.kind === 'accepted') return reply.finishEmpty(end.status, headers);
  if (treatment === 'pass' || treatment === 'stream') await noteSeen(guard, ask, end.text);
  reply.finish(await rewritten(guard, ask, treatment, end.text), end.status, headers);
}

/** Lists of resources and prompts are a system's words too. Its tools are pinned, and were looked at by a person. */
async function noteSeen({ house }: Guard, { caller, system }: Ask, text: string): Promise<void> {
  const look = lookAt(text, system, '');
  if (look.labels.length + look.values.length > 0) await house.noteSeen(caller, system, '', look);
}

function fail({ reply }: Ask, end: Extract<ForwardEnd, { kind: 'cut' | 'failed' }>): void {
  if (reply.isGone()) return;
  const isStop = end.problem === 'stopped';
  throw new Rejection(
    isStop ? 403 : 502,
    isStop ? 'denied' : 'unavailable',
    isStop ? 'This was stopped.' : 'The system gave no answer that could be passed on.',
    { status: isStop ? 'stopped' : end.kind, problem: end.problem },
  );
}

/** Answers that are not passed on as they came: lists of tools and offers of capabilities. */
async function rewritten(guard: Guard, ask: Ask, treatment: Treatment, text: string): Promise<string> {
  if (treatment !== 'list' && treatment !== 'offer') return text;
  const answer = readAnswer(text);
  if (treatment === 'offer') return writeExactJson(offeredAnswer(answer));
  if (isExactRecord(answer['result'])) guard.parameterHeaders.learn(ask.system, answer['result']['tools']);
  const listable = await guard.house.listable(ask.caller, ask.system);
  const listed = listedTools(answer, listable, ask.system, ask.spoken.era);
  if (listed.changed.length > 0) guard.house.noticeChange(ask.system);
  return writeExactJson(listed.answer);
}

function readAnswer(text: string): ExactRecord {
  try {
    const answer = readExactJson(text, answerLimits);
    if (isExactRecord(answer)) return answer;
  } catch (thrown) {
    if (!(thrown instanceof ExactJsonError)) throw thrown;
  }
  throw new Rejection(502, 'unavailable', 'The system gave an answer that cannot be read.');
}
