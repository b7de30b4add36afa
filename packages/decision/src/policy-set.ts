import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { CompiledMandate } from './compile-mandate.ts';
import { holdsInexact } from './exact-est.ts';
import type { ObligationsById } from './obligations/obligations-by-id.ts';
import { obligationsOf, permissionObligations } from './obligations/read-obligations.ts';
import type { PolicyEngine, PolicyHandle, PolicyText } from './policy-engine.ts';
import type { PolicyNeeds } from './policy-needs.ts';
import { isJson, readEst } from './read-est.ts';
import { type ReadPolicy, readPolicies } from './read-policies.ts';

/** A mandate that an engine has taken in. */
export type MandatePolicies = Omit<CompiledMandate, 'passing'> & {
  /** What its permissions oblige to, by id; undefined when none does. */
  readonly obligations: ObligationsById | undefined;
  readonly rules: PolicyHandle;
  readonly holding: PolicyHandle;
  /** What it may only pass on: sets of their own, which say nothing about its own calls. */
  readonly passing: { readonly rules: PolicyHandle; readonly holding: PolicyHandle; readonly needs: PolicyNeeds };
};

/** A text of policies that an engine has taken in. */
export type PolicySet = {
  readonly rules: PolicyHandle;
  /** Policies with `@hold`: a set of their own, in which a match of either effect asks a person and permits nothing. */
  readonly holding: PolicyHandle;
  /** What of `rules` is left when nothing is known of arguments and circumstances; see `looseRules`. */
  readonly possible: PolicyHandle;
  readonly needs: PolicyNeeds;
  /** What a policy says of itself: its `@hold` or `@because`, by id. */
  readonly sentences: ReadonlyMap<string, string>;
  /** What a model may be told of a policy: its `@tell`, by id. */
  readonly told: ReadonlyMap<string, string>;
  /** What its policies oblige to, by id; undefined when none does. */
  readonly obligations: ObligationsById | undefined;
};

export function prepareMandate(engine: PolicyEngine, mandate: CompiledMandate): MandatePolicies {
  const name = `mandate:${mandate.id}`;
  const { permits, holds, needs } = mandate.passing;
  return {
    ...mandate,
    obligations: permissionObligations(
      { prefix: `${name}/p`, permissions: mandate.document.permissions },
      { prefix: `${name}/pass`, permissions: mandate.document.passOn ?? [] },
    ),
    needs: engine.share(mandate.needs),
    rules: engine.prepare(name, mandate.permits),
    holding: engine.prepare(`${name}/holds`, mandate.holds),
    passing: {
      rules: engine.prepare(`${name}/pass`, permits),
      holding: engine.prepare(`${name}/pass/holds`, holds),
      needs: engine.share(needs),
    },
  };
}

/** What holders of a role may themselves ask agents to do. Undefined when the text cannot be read: then nothing passes. */
export function prepareMay(engine: PolicyEngine, role: { readonly name: string; readonly text: string }): PolicySet | undefined {
  return prepareText(engine, `role:${role.name}/may`, role.text, { holds: false });
}

/** What holders of a role may answer for. Undefined when the text cannot be read: then nothing passes. */
export function prepareRole(engine: PolicyEngine, role: { readonly name: string; readonly text: string }): PolicySet | undefined {
  return prepareText(engine, `role:${role.name}`, role.text, { holds: false });
}

/** The organisation's policy. Undefined when the text cannot be read: then nothing passes. */
export function prepareOrganisation(engine: PolicyEngine, text: string): PolicySet | undefined {
  return prepareText(engine, 'organisation', text, { holds: true });
}

/** Policies keep their ids behind the name of their set: `organisation/no-night-refunds`. */
function prepareText(engine: PolicyEngine, name: string, text: string, { holds }: { holds: boolean }): PolicySet | undefined {
  const read = readPolicies(text, { holds });
  if (!read.ok) return undefined;
  const named = read.policies.map((policy) => ({ ...policy, id: `${name}/${policy.id}` }));
  const rules = named.filter(({ annotations }) => annotations['hold'] === undefined);
  const holding = named.filter(({ annotations }) => annotations['hold'] !== undefined);
  const sentences = named.flatMap(({ id, annotations }) => {
    const sentence = annotations['hold'] ?? annotations['because'];
    return sentence === undefined ? [] : [[id, sentence] as const];
  });
  return {
    rules: engine.prepare(name, rules),
    holding: engine.prepare(`${name}/holds`, holding),
    possible: engine.prepare(`${name}/possible`, looseRules(rules)),
    needs: read.needs,
    obligations: obligationsOf(rules),
    sentences: new Map(sentences),
    told: new Map(named.flatMap(({ id, annotations: { tell } }) => (tell === undefined ? [] : [[id, tell] as const]))),
  };
}

/** Gives back what a set or mandate holds in the engine. */
export function releasePolicies(engine: PolicyEngine, policies: MandatePolicies | PolicySet): void {
  engine.release(policies.rules);
  engine.release(policies.holding);
  if ('possible' in policies) engine.release(policies.possible);
  if ('passing' in policies) {
    engine.release(policies.passing.rules);
    engine.release(policies.passing.holding);
  }
}

/**
 * The rules with everything that depends on the context taken to be favourable: a permit loses the conditions that look
 * at it, a forbid with such a condition is left out. What this does not permit, no arguments can make permitted.
 */
export function looseRules(rules: readonly ReadPolicy[]): readonly PolicyText[] {
  return rules.flatMap(({ id, text, effect, est }) => {
    const clauses = isJson(est) && Array.isArray(est['conditions']) ? est['conditions'] : [];
    const kept = clauses.filter((clause) => !dependsOnContext(clause));
    if (kept.length === clauses.length) return [{ id, text }];
    if (effect === 'forbid') return [];
    return [
      {
        id,
        text: withConditions(est as cedar.PolicyJson, kept) ?? withConditions(est as cedar.PolicyJson, []) ?? permitAnything,
      },
    ];
  });
}

const permitAnything = 'permit (principal, action, resource);';

/** The policy with these conditions, as text. Undefined when they are too deep for the way back: a reason to leave them out. */
function withConditions(est: cedar.PolicyJson, conditions: cedar.Clause[]): string | undefined {
  try {
    const written = cedar.policyToText({ ...est, conditions });
    return written.type === 'success' ? written.text : undefined;
  } catch {
    return undefined;
  }
}

/** A clause whose literals may have lost digits counts as one, because it can no longer be written back as it was. */
function dependsOnContext(clause: unknown): boolean {
  const { paths, wholeContext } = readEst({ conditions: [clause] });
  return wholeContext || paths.some(([root]) => root === 'context') || holdsInexact(clause);
}
