import { hash } from 'node:crypto';
import type { CallOutcome } from '@surety/contract/enforcement';
import type { Obliged } from '@surety/contract/obligations';
import type { Ask } from './ask.ts';
import { clampCall } from './clamp-call.ts';
import type { ForwardEnd } from './forward.ts';
import type { Outgoing } from './forward-to-system.ts';
import type { Guard } from './guard.ts';
import { maskAnswer } from './mask-answer.ts';
import type { ReadCall } from './read-tool-call.ts';
import { type Refused, unfinishedText } from './refusal.ts';

type Bound = { readonly read: ReadCall; readonly obligations: Obliged | undefined };

/**
 * What goes to the system, as the decision obliges: page sizes and time-outs brought down; and where fields are masked,
 * nothing that comes before the answer is passed on, because a field cannot be found in it. Undefined when that cannot be
 * done, and then nothing is sent.
 */
export function obligedOutgoing(guard: Guard, ask: Ask, outgoing: Outgoing, { read, obligations }: Bound): Outgoing | undefined {
  if (obligations === undefined) return outgoing;
  const { mask, clamp } = obligations;
  const withNotices = outgoing.withNotices && mask.length === 0;
  if (Object.keys(clamp).length === 0) return { ...outgoing, withNotices };
  const clamped = clampCall(guard, ask, read, clamp);
  if (clamped === undefined || outgoing.body === undefined) return undefined;
  const { params, headers } = clamped;
  return { ...outgoing, params, body: { ...outgoing.body, params }, headers, withNotices };
}

type Released = { readonly refused: Refused; readonly action: string; readonly obligations: Obliged | undefined };

/** What may be passed on: what came without the fields that are masked, or nothing where they cannot be looked for. */
export function releasedEnd(end: ForwardEnd, { refused, action, obligations }: Released): ForwardEnd {
  if (end.kind !== 'answer' || obligations === undefined || obligations.mask.length === 0) return end;
  const withheld = { state: 'failed', problem: 'answer_withheld', milliseconds: 0 } as const;
  const text = maskAnswer(end.text, obligations.mask) ?? unfinishedText(refused, { outcome: withheld, action });
  return { ...end, text };
}

/** What the record says beside the outcome: the digest of what was passed on, where it is other than what came; and all of it. */
export function obligedOutcome(
  came: ForwardEnd,
  released: ForwardEnd,
  obligations: Obliged | undefined,
): Pick<CallOutcome, 'releasedDigest' | 'payload'> {
  if (obligations === undefined || came.kind !== 'answer' || released.kind !== 'answer') return {};
  return {
    ...(released.text === came.text ? {} : { releasedDigest: hash('sha256', released.text, 'base64url') }),
    ...(obligations.record ? { payload: came.text } : {}),
  };
}
