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

/** With what an answer says of it when nothing else holds: most answers are of that kind, and need not be made anew. */
type NamedPolicy = CompiledPolicy & { readonly id: string; readonly alone: readonly string[]; readonly onlyAnswer: Answer };

const none: readonly never[] = Object.freeze([]);
const silence: Answer = Object.freeze({ decision: 'deny', reasons: none, errors: none });

/** Up to this many policies are looked through one by one; more are found by their heads. */
const few = 4;

/** Policies compiled and indexed, to be asked any number of questions. */
export class PolicySet {
  private readonly policies: readonly NamedPolicy[];
  private readonly index: ScopeIndex | undefined;

  /** PolicyRefused when one of the policies cannot be read, or an id stands twice. Sets given the same `kept` share parts. */
  constructor(sources: readonly PolicySource[], kept = new KeptParts()) {
    this.policies = sources.map(({ id, policy, slots }) => nameCompiled(compilePolicy(policy, slots, kept), id));
    if (new Set(sources.map(({ id }) => id)).size !== sources.length) throw new PolicyRefused('an id stands twice');
    this.index = this.policies.length <= few ? undefined : indexOf(this.policies);
  }

  /** Evaluates the policies whose head fits the question. Throws nothing: whatever goes wrong in a policy is its error. */
  ask(question: Question): Answer {
    const tally = new Tally();
    if (this.index !== undefined) for (const place of this.index.find(question)) tally.hear(this.policies[place], question);
    else for (const policy of this.policies) if (fits(policy.scope, question)) tally.hear(policy, question);
    return tally.answer();
  }
}

function nameCompiled(compiled: CompiledPolicy, id: string): NamedPolicy {
  const alone = Object.freeze([id]);
  const decision = compiled.effect === 'permit' ? 'allow' : 'deny';
  return { ...compiled, id, alone, onlyAnswer: Object.freeze({ decision, reasons: alone, errors: none }) };
}

/** Counts together what holds. What is said of one policy alone is taken from it, and no list is made before it is needed. */
class Tally {
  private only: NamedPolicy | undefined;
  private permits: string[] | undefined;
  private forbids: string[] | undefined;
  private errors: PolicyError[] | undefined;

  /** One policy whose head fits. */
  hear(policy: NamedPolicy | undefined, question: Question): void {
    if (policy === undefined) return;
    try {
      if (holds(policy, question)) this.take(policy);
    } catch (error) {
      const message = error instanceof Error ? error.message : 'cannot be evaluated';
      (this.errors ??= []).push({ id: policy.id, message });
    }
  }

  answer(): Answer {
    const { only, permits, forbids, errors = none } = this;
    if (permits === undefined && forbids === undefined) {
      if (errors.length === 0) return only?.onlyAnswer ?? silence;
      return { decision: only?.onlyAnswer.decision ?? 'deny', reasons: only?.alone ?? none, errors };
    }
    const isAllowed = forbids === undefined; // then there are permits, for one of the two is there
    return { decision: isAllowed ? 'allow' : 'deny', reasons: forbids ?? permits ?? none, errors };
  }

  private take(policy: NamedPolicy): void {
    if (this.permits === undefined && this.forbids === undefined) {
      if (this.only === undefined) return void (this.only = policy);
      this.list(this.only);
    }
    this.list(policy);
  }

  private list({ effect, id }: NamedPolicy): void {
    if (effect === 'permit') (this.permits ??= []).push(id);
    else (this.forbids ??= []).push(id);
  }
}

function indexOf(policies: readonly NamedPolicy[]): ScopeIndex {
  const index = new ScopeIndex();
  for (const [place, { scope }] of policies.entries()) index.add(scope, place);
  return index;
}
