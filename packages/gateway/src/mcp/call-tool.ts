import type { BeginResult, CallOutcome, Look } from '@surety/contract/enforcement';
import { errorFields } from '../log.ts';
import type { ForwardEnd } from './forward.ts';
import { forwardToSystem, type Outgoing } from './forward-to-system.ts';
import type { Ask } from './ask.ts';
import type { Guard } from './guard.ts';
import { HouseFault } from './house-fault.ts';
import { lookAt } from './look-at.ts';
import { mirroredHeaders } from './mirrored-headers.ts';
import { obligedOutcome, obligedOutgoing, releasedEnd } from './obligations.ts';
import type { Message } from './read-message.ts';
import { readMethodCall } from './read-method-call.ts';
import { type ReadCall, readToolCall } from './read-tool-call.ts';
import { deniedText, heldText, type Refused, unfinishedText } from './refusal.ts';
import { Rejection } from './rejection.ts';
import { sayWaiting } from './say-waiting.ts';

type Request = Extract<Message, { kind: 'request' }>;

/** The life of a call (ARCHITECTURE.md), from step 2 on. Step 1 is done. */
export async function callTool(guard: Guard, ask: Ask, request: Request): Promise<void> {
  const { reply, spoken } = ask;
  const isTool = request.method === 'tools/call';
  const read = isTool //                                                                            2 understand
    ? readToolCall(request.params, ask.caller, ask.system)
    : readMethodCall(request.method, request.params, ask.caller, ask.system);
  const headers = isTool ? await mirroredHeaders(guard, ask, read.call) : {};
  const begun = await begin(guard, ask, read); //                                                   3 to 6
  const refused: Refused = { id: request.id, era: spoken.era, operation: read.call.operation, isTool };
  if (begun.kind === 'refused') return reply.finish(deniedText(refused, begun));
  if (begun.kind === 'held') return reply.finish(heldText(refused, begun));
  const startedAt = performance.now();
  const { obligations } = begun.decision;
  const asked = {
    verb: 'POST',
    id: request.id,
    method: request.method,
    params: read.params,
    body: { ...request.body, params: read.params },
    headers,
    operation: read.call.operation,
    withNotices: true,
  } as const;
  const outgoing = obligedOutgoing(guard, ask, asked, { read, obligations });
  const came = await enforce(guard, ask, outgoing, begun.durable); //                               7 enforce
  if (came.kind === 'refused') return reply.finish(deniedText(refused, came));
  const end = releasedEnd(came, { refused, action: begun.actionId, obligations });
  const outcome = { ...outcomeOf(came, performance.now() - startedAt), ...obligedOutcome(came, end, obligations) };
  const text = end.kind === 'answer' ? end.text : unfinishedText(refused, { outcome, action: begun.actionId });
  if (end.kind === 'cut') reply.finish(text); // Nothing of the system is in it: whoever is cut is told at once.
  const look = end.kind === 'answer' ? lookAt(text, ask.system, read.call.operation) : undefined; // 8 look
  const isDurable = await settle(guard, begun.actionId, { outcome, look }); //                      9 record, then release
  if (end.kind === 'cut') return;
  if (isDurable) return reply.finish(text, end.kind === 'answer' ? end.status : 200);
  throw new Rejection(503, 'unavailable', 'The outcome could not be recorded, so the answer is withheld.');
}

async function begin(guard: Guard, ask: Ask, { call, progressToken }: ReadCall): Promise<BeginResult> {
  const { reply } = ask;
  const waiting = sayWaiting(reply, progressToken);
  try {
    const begun = await guard.house.begin(ask.caller, call, {
      holdMs: guard.limits.holdMs,
      get signal() {
        return ask.cutSwitch.signal; // made when somebody waits by it
      },
      onHeld: ({ answerableName }) => waiting.start(answerableName),
    });
    return unlessReplayed(begun);
  } finally {
    waiting.stop();
  }
}

/** A proof that was used before is no token: 401, as everywhere. */
function unlessReplayed(begun: BeginResult): BeginResult {
  if (begun.kind === 'refused' && begun.decision.reason === 'proof.replayed') throw new HouseFault('dpop.proof_replayed');
  return begun;
}

/**
 * Sends the call. With `durable` its intent is written meanwhile: nothing that comes back is said before that is done, and
 * when it cannot be done, the call is cut and what came back is dropped.
 */
async function enforce(
  guard: Guard,
  ask: Ask,
  outgoing: Outgoing | undefined,
  durable: Promise<BeginResult> | undefined,
): Promise<ForwardEnd | Extract<BeginResult, { kind: 'refused' }>> {
  if (durable === undefined) return send(guard, ask, outgoing);
  const letGo = ask.reply.holdBack();
  const sent = send(guard, ask, outgoing);
  let isDurable = false;
  try {
    const begun = unlessReplayed(await durable);
    if (begun.kind === 'refused') return begun;
    if (begun.kind !== 'go') throw new HouseFault('service.not_ready');
    isDurable = true;
  } finally {
    if (!isDurable) ask.cutSwitch.cut('not_committed');
  }
  letGo();
  return sent;
}

async function send(guard: Guard, ask: Ask, outgoing: Outgoing | undefined): Promise<ForwardEnd> {
  if (outgoing === undefined) return { kind: 'failed', problem: 'obligation_unfulfilled', status: undefined };
  try {
    return await forwardToSystem(guard, ask, outgoing);
  } catch (thrown) {
    guard.log.error(errorFields(thrown), 'a permitted call could not be sent');
    return { kind: 'failed', problem: 'internal', status: undefined };
  }
}

function outcomeOf(end: ForwardEnd, milliseconds: number): CallOutcome {
  if (end.kind === 'cut' || end.kind === 'failed') return { state: end.kind, problem: end.problem, milliseconds };
  if (end.kind === 'accepted') return { state: 'failed', problem: 'upstream_answer_invalid', milliseconds };
  const { envelope, digest: resultDigest, bytes: resultBytes } = end;
  const result = { resultDigest, resultBytes, milliseconds };
  return envelope.isError || envelope.isToolError
    ? { state: 'failed', problem: 'tool_error', ...result }
    : { state: 'completed', ...result };
}

type Seen = { readonly outcome: CallOutcome; readonly look: Look | undefined };

async function settle(guard: Guard, actionId: string, { outcome, look }: Seen): Promise<boolean> {
  try {
    await guard.house.settle(actionId, outcome, look);
    return true;
  } catch (thrown) {
    guard.log.error({ ...errorFields(thrown), action: actionId }, 'an outcome could not be recorded');
    return false;
  }
}
