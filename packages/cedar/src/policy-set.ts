import { compilePolicy, type CompiledPolicy, holds, KeptParts } from './compile-policy.ts';
import { PolicyRefused } from './policy-refused.ts';
import type { Question } from './question.ts';
import { fits, type Slots } from './scope.ts';
import { ScopeIndex } from './scope-index.ts';

/** A policy in Cedar's JSON form under the id that answers name it by; `slots` makes it one out of a template. */
export type PolicySource = { readonly id: string; readonly policy: unknown; readonly slots?: Slots };

/** What Cedar answers. Ids stand in the order of the set. */
export type Answer = {
  readonly decision: 'allow' | 'deny';
  /** The permits that hold when the answer is `allow`; else the forbids that hold, of which there may be none. */
  readonly reasons: readonly string[];
  /** Policies that could not be evaluated: Cedar counts them as if they were not there. Whoever asks may be stricter. */
  readonly errors: readonly PolicyError[];
};

/** `message` never holds a value of the question. */
export type PolicyError = { readonly id: string; readonly message: string };

type NamedPolicy = CompiledPolicy & { readonly id: string };

/** Up to this many policies are looked through one by one; more are found by their heads. */
const few = 4;

/** Policies compiled and indexed, to be asked any number of questions. */
export class PolicySet {
  private readonly policies: readonly NamedPolicy[];
  private readonly index: ScopeIndex | undefined;

  /** PolicyRefused when one of the policies cannot be read, or an id stands twice. Sets given the same `kept` share parts. */
  constructor(sources: readonly PolicySource[], kept = new KeptParts()) {
    this.policies = sources.map(({ id, policy, slots }) => ({ ...compilePolicy(policy, slots, kept), id }));
    if (new Set(sources.map(({ id }) => id)).size !== sources.length) throw new PolicyRefused('an id stands twice');
    this.index = this.policies.length <= few ? undefined : indexOf(this.policies);
  }

  /** Evaluates the policies whose head fits the question. Throws nothing: whatever goes wrong in a policy is its error. */
  ask(question: Question): Answer {
    const permits: string[] = [];
    const forbids: string[] = [];
    const errors: PolicyError[] = [];
    for (const policy of this.about(question)) {
      try {
        if (holds(policy, question)) (policy.effect === 'permit' ? permits : forbids).push(policy.id);
      } catch (error) {
        errors.push({ id: policy.id, message: error instanceof Error ? error.message : 'cannot be evaluated' });
      }
    }
    const isAllowed = permits.length > 0 && forbids.length === 0;
    return { decision: isAllowed ? 'allow' : 'deny', reasons: isAllowed ? permits : forbids, errors };
  }

  /** Those of the policies whose head fits. */
  private about(question: Question): readonly NamedPolicy[] {
    if (this.index === undefined) return this.policies.filter(({ scope }) => fits(scope, question));
    return this.index.find(question).flatMap((place) => this.policies[place] ?? []);
  }
}

function indexOf(policies: readonly NamedPolicy[]): ScopeIndex {
  const index = new ScopeIndex();
  for (const [place, { scope }] of policies.entries()) index.add(scope, place);
  return index;
}
