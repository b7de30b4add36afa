import type { Link } from '@surety/contract/decision';
import { callRequest, nameCall } from './call-request.ts';
import type { PolicyEngine, PolicyHandle, PolicyRequest, Verdict } from './policy-engine.ts';
import type { PolicyNeeds } from './policy-needs.ts';
import type { Limit } from './live-mandate.ts';
import type { KnownFacts } from './standing.ts';

/** The hearing of one call: who stands behind it, and how a set of policies is asked about it. */
export type Hearing = {
  readonly standing: KnownFacts;
  /**
   * Asks one set about the call. `needs` says what the set can look at. `agent` is who is asked about: the caller, when left
   * out; of an agent above it is asked whether that agent might pass this very call on.
   */
  readonly hear: (set: PolicyHandle, needs: PolicyNeeds, agent?: string) => Verdict;
};

export const silence: Verdict = { permits: [], forbids: [], errors: [] };

export function openHearing(standing: KnownFacts, engine: PolicyEngine): Hearing {
  const names = nameCall(standing);
  // Side by side: a call has few sets of needs, and most sets of policies need nothing at all.
  const needed: PolicyNeeds[] = [];
  const made: PolicyRequest[] = [];
  const requestFor = (needs: PolicyNeeds): PolicyRequest => {
    const known = made[needed.indexOf(needs)];
    if (known !== undefined) return known;
    const request = callRequest(standing, needs, names);
    needed.push(needs);
    made.push(request);
    return request;
  };
  return {
    standing,
    hear: (set, needs, agent) => {
      if (set.policies.length === 0) return silence;
      const request = requestFor(needs);
      const asked = agent === undefined ? request : { ...request, principal: { type: 'Agent', id: agent } };
      return engine.evaluate(set, asked);
    },
  };
}

/** What a line comes to: the policies that permit, or the limit. */
export type Said = Limit | { readonly permits: readonly string[] };

export function erred(link: Link, verdict: Verdict | undefined): Limit {
  return { reason: 'policy.error', link, policies: verdict?.errors ?? [link] };
}
