import type { Decision } from '@surety/contract/decision';
import type { BeginResult, CallOutcome } from '@surety/contract/enforcement';
import { longestForModel, whereToAsk } from '@surety/decision/tell-model';
import { type JsonRpcId, jsonRpcResult } from './json-rpc.ts';
import type { Era } from './method-table.ts';
import { Rejection } from './rejection.ts';

/** What was asked for. A refused tool answers with a result, which a model reads; any other request with an error. */
export type Refused = { readonly id: JsonRpcId; readonly era: Era; readonly operation: string; readonly isTool: boolean };

/**
 * The answer to a call that is denied: a result with `isError`, because a model can act on that, and the same for
 * programs in `structuredContent`. States what was refused, the limit, what would be needed, and not to work around it.
 */
export function deniedText(refused: Refused, { actionId, decision }: Extract<BeginResult, { kind: 'refused' }>): string {
  const after = [whereToAsk[decision.reason], `Action ${actionId}.`, 'Do not retry with other arguments to get around this.'];
  const text = within(`Denied: ${shown(refused.operation)}. `, sentence(decision), after);
  return answerText(refused, text, { status: 'denied', reason: decision.reason, link: decision.link, action: actionId });
}

/** The answer to a call that waits for a person. */
export function heldText(refused: Refused, held: Extract<BeginResult, { kind: 'held' }>): string {
  const after = [
    `Question ${held.approvalId} waits for ${shown(held.answerableName)} until ${held.expiresAt}.`,
    'Repeat this exact call after approval. Do not retry with other arguments to get around this.',
  ];
  const text = within(`Held: ${shown(refused.operation)}. `, sentence(held.decision), after);
  return answerText(refused, text, {
    status: 'held',
    approval: held.approvalId,
    expiresAt: held.expiresAt,
    reason: held.decision.reason,
    action: held.actionId,
  });
}

/** The answer to a call that was let through and did not come to an end that may be passed on. `problem` is a closed word. */
export function unfinishedText(refused: Refused, { outcome, action }: Unfinished): string {
  const problem = outcome.problem ?? 'internal';
  const status = problem === 'stopped' ? 'stopped' : outcome.state;
  const first = status === 'stopped' ? 'Stopped' : outcome.state === 'cut' ? 'Cut off' : 'Failed';
  const text = within(`${first}: ${shown(refused.operation)}. `, '', [
    whatIsKnown(outcome, problem),
    `Reason: ${problem}.`,
    `Action ${action}.`,
  ]);
  return answerText(refused, text, { status, problem, action });
}

type Unfinished = { readonly outcome: CallOutcome; readonly action: string };

/** Problems of calls that never left the guard. */
const neverSent = new Set(['upstream_unreachable', 'credential_unusable', 'obligation_unfulfilled', 'internal']);

function whatIsKnown({ state }: CallOutcome, problem: string): string {
  if (state === 'cut') return 'Whether it took effect is not known: find out before you call it again.';
  return neverSent.has(problem) || problem === 'stopped'
    ? 'Nothing was sent to the system.'
    : 'The system gave no answer that could be passed on.';
}

function answerText({ id, era, isTool }: Refused, text: string, structuredContent: object): string {
  if (!isTool) return new Rejection(200, 'denied', text, structuredContent).text(id);
  const complete = era === 'stateless' ? { resultType: 'complete' } : {};
  return jsonRpcResult(id, { ...complete, isError: true, content: [{ type: 'text', text }], structuredContent });
}

function sentence(decision: Decision): string {
  const because = (decision.forModel ?? decision.because).trim();
  const text = because.charAt(0).toUpperCase() + because.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Shortens the sentence in the middle, never what stands before and after it. */
function within(before: string, middle: string, after: readonly string[]): string {
  const rest = after.filter((part) => part !== '').join(' ');
  const room = longestForModel - before.length - rest.length - 1;
  const shortened = middle.length <= room ? middle : `${middle.slice(0, Math.max(0, room - 1)).trimEnd()}…`;
  return before + (shortened === '' ? rest : `${shortened} ${rest}`);
}

/** A name as a model may read it: one line, no longer than a name. */
function shown(name: string): string {
  const line = name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ').trim();
  return line.length <= 80 ? line : `${line.slice(0, 79)}…`;
}
