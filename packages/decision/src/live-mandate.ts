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
  if (!mandate.signatureHolds || policies?.document.agent !== agent?.id || !isReadable(mandate))
    return { reason: 'mandate.invalid', link: 'mandate' };
  return mandate.policies.expiresAtMs > nowMs ? mandate : { reason: 'mandate.expired', link: 'mandate' };
}

function isReadable(mandate: MandateFacts): mandate is LiveMandate {
  return mandate.policies !== undefined;
}
