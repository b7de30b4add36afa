import { type ExactRecord, isExactRecord } from '@surety/contract/exact-json';
import type { AccessQuestion } from '@surety/decision/authzen/access-question';
import type { Judged } from '#decision/decide-call';
import { instant } from '#kernel/clock';
import type { AuthzenRoom } from './authzen-room.ts';
import { bindingHash, boundContext, signBound } from './bound-token.ts';
import type { Pep } from './pep.ts';

/** How long a PEP may take to ask for a person after it was told that it can, in milliseconds. */
const requestableMs = 600_000;

type Held = { readonly question: AccessQuestion; readonly judged: Judged; readonly evaluation: string };

/** What a no carries that a person can turn into a yes (ARAP, requestable denial): the binding to exactly this question. */
export function requestable(room: AuthzenRoom, { caller, application }: Pep, { question, judged, evaluation }: Held): object {
  const expiresAtMs = room.clock() + requestableMs;
  const expiresAt = instant(expiresAtMs);
  return {
    endpoint: `${room.issuer}/access/v1/requests`,
    template: 'surety.exact_call',
    expires_at: expiresAt,
    binding_token: signBound(room, 'surety-access-denial+jwt', expiresAtMs, {
      jti: evaluation,
      sub: caller.principal,
      application: application.id,
      evaluation_id: evaluation,
      denial_expires_at: expiresAt,
      binding_hash: bindingHash(question),
      binding_context_members: boundContext,
    }),
    display: { title: judged.decision.because },
  };
}

/** The approval that comes with a question; undefined when none does. Whether it is one is another matter. */
export function presentedApproval({ context }: AccessQuestion): ExactRecord | 'malformed' | undefined {
  const { approval } = context;
  if (approval === undefined) return undefined;
  return isExactRecord(approval) ? approval : 'malformed';
}
