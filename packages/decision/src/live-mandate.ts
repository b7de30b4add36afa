import type { Link, Reason } from '@surety/contract/decision';
import type { MandateFacts, Standing } from './call-facts.ts';
import type { MandatePolicies } from './policy-set.ts';

/** What limited a call: the first link that did, and the policies that determined it. */
export type Limit = {
  readonly reason: Reason;
  readonly link: Link;
  readonly policies?: readonly string[];
  /** Which agent of the chain it is about, counted from the root, the caller last; undefined where it is none of them. */
  readonly at?: number;
};

export type LiveMandate = MandateFacts & { readonly policies: MandatePolicies };

/** The mandate is there, signed, this agent's, readable and unexpired. */
export function liveMandate({ nowMs, agent, mandate }: Pick<Standing, 'nowMs' | 'agent' | 'mandate'>): Limit | LiveMandate {
  if (mandate === undefined) return { reason: 'mandate.none', link: 'mandate' };
  const { policies } = mandate;
  const isSound = mandate.signatureHolds && policies !== undefined && policies.document.agent === agent?.id;
  if (!isSound) return { reason: 'mandate.invalid', link: 'mandate' };
  const expiresAtMs = Date.parse(policies.document.expiresAt);
  return expiresAtMs > nowMs ? { ...mandate, policies } : { reason: 'mandate.expired', link: 'mandate' };
}
