import type { Link } from '@surety/contract/decision';
import { type CallNames, callRequest, nameCall } from './call-request.ts';
import type { PolicyEngine, PolicyHandle, PolicyRequest, Verdict } from './policy-engine.ts';
import { noNeeds, type PolicyNeeds } from './policy-needs.ts';
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
  const requests = new Requests(standing);
  return {
    standing,
    hear: (set, needs, agent) => {
      if (set.policies.length === 0) return silence;
      const request = requests.with(needs);
      const asked = agent === undefined ? request : { ...request, principal: { type: 'Agent', id: agent } };
      return engine.evaluate(set, asked);
    },
  };
}

/** The questions about one call, each made once. Nearly always two: with nothing, and with what the mandate looks at. */
class Requests {
  private readonly standing: KnownFacts;
  private readonly names: CallNames;
  private plain: PolicyRequest | undefined;
  private needs: PolicyNeeds | undefined;
  private made: PolicyRequest | undefined;
  private others: Map<PolicyNeeds, PolicyRequest> | undefined;

  constructor(standing: KnownFacts) {
    this.standing = standing;
    this.names = nameCall(standing);
  }

  with(needs: PolicyNeeds): PolicyRequest {
    if (needs === noNeeds) return (this.plain ??= this.make(needs));
    if (needs === this.needs && this.made !== undefined) return this.made;
    if (this.needs === undefined) {
      this.needs = needs;
      return (this.made = this.make(needs));
    }
    this.others ??= new Map();
    const known = this.others.get(needs) ?? this.make(needs);
    this.others.set(needs, known);
    return known;
  }

  private make(needs: PolicyNeeds): PolicyRequest {
    return callRequest(this.standing, needs, this.names);
  }
}

/** What a line comes to: the policies that permit, or the limit. */
export type Said = Limit | { readonly permits: readonly string[] };

export function erred(link: Link, verdict: Verdict | undefined): Limit {
  return { reason: 'policy.error', link, policies: verdict?.errors ?? [link] };
}
