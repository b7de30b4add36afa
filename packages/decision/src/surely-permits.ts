import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { OperationFacts, Standing } from './call-facts.ts';
import { callRequest } from './call-request.ts';
import { covers } from './cover.ts';
import { holdsInexact } from './exact-est.ts';
import type { PolicyEngine, PolicyHandle, PolicyText } from './policy-engine.ts';
import { noNeeds } from './policy-needs.ts';
import type { PolicySet } from './policy-set.ts';
import { isJson, readEst } from './read-est.ts';
import { liveStanding, type LiveStanding } from './standing.ts';

/** What permits whatever the arguments and the hour are: made once for each set. */
export type SurePolicies = (set: PolicySet) => PolicyHandle;

/**
 * The names of those operations that an agent at the root of its task would be permitted to call, now, whatever the arguments:
 * the other side of `couldPermit`. Never too many. A call that would be held counts as permitted; what limits and rules about
 * history have counted is left out.
 */
export function surelyPermits(
  facts: Standing,
  operations: Iterable<OperationFacts>,
  { engine, sure }: { readonly engine: PolicyEngine; readonly sure: SurePolicies },
): ReadonlySet<string> {
  const standing = liveStanding(facts);
  if (standing === undefined || standing.chain.length > 0) return new Set();
  return new Set([...operations].filter((one) => isSure(standing, one, { engine, sure })).map(({ name }) => name));
}

function isSure(
  standing: LiveStanding,
  operation: OperationFacts,
  { engine, sure }: { readonly engine: PolicyEngine; readonly sure: SurePolicies },
): boolean {
  const { agent, mandate, system, roles, organisation } = standing;
  const { document } = mandate.policies;
  const isFree = document.permissions.some(
    (one) => one.where === undefined && one.hours === undefined && covers(one, system.name, operation.name),
  );
  if (!isFree) return false;
  if (operation.effect !== 'read' && (document.autonomy === 'observe' || agent.autonomy === 'observe')) return false;
  const request = callRequest(
    { ...standing, operation, arguments: {} },
    { ...noNeeds, entities: ['principal', 'action', 'resource'] },
  );
  const permits = (sets: readonly (PolicySet | undefined)[]): boolean => {
    const verdicts = sets.map((set) => set && engine.evaluate(sure(set), request));
    const isClear = verdicts.every(
      (verdict) => verdict !== undefined && verdict.forbids.length === 0 && verdict.errors.length === 0,
    );
    return isClear && verdicts.some((verdict) => (verdict?.permits.length ?? 0) > 0);
  };
  return permits(roles.map(({ policies }) => policies)) && permits([organisation.policies]);
}

/** Keeps the sure policies of each set for as long as the set lives. */
export function openSurePolicies(engine: PolicyEngine): SurePolicies {
  const kept = new WeakMap<PolicySet, PolicyHandle>();
  return (set) => {
    const known = kept.get(set);
    if (known !== undefined) return known;
    const made = engine.prepare(`${set.rules.id}/sure`, [
      ...set.rules.policies.map(({ id, text }) => strictRule(id, text) ?? { id, text }),
      ...set.holding.policies.flatMap(({ id, text }) => strictRule(id, text) ?? []),
    ]);
    kept.set(set, made);
    return made;
  };
}

/**
 * A rule that looks at the context, taken to be unfavourable: whatever its effect, it forbids, because such a condition may err,
 * and an error denies. Undefined for a rule that does not look at it.
 */
function strictRule(id: string, text: string): PolicyText | undefined {
  const answer = cedar.policyToJson(text);
  if (answer.type !== 'success') return { id, text: forbidAnything };
  const { annotations: _annotations, ...est } = answer.json;
  const kept = est.conditions.filter((clause) => !dependsOnContext(clause));
  if (kept.length === est.conditions.length) return undefined;
  const isExact = !kept.some(holdsInexact);
  return { id, text: (isExact ? written({ ...est, effect: 'forbid', conditions: kept }) : undefined) ?? forbidAnything };
}

const forbidAnything = 'forbid (principal, action, resource);';

function dependsOnContext(clause: unknown): boolean {
  if (!isJson(clause)) return true;
  const { paths, wholeContext } = readEst({ conditions: [clause] });
  return wholeContext || paths.some(([root]) => root === 'context');
}

function written(policy: cedar.PolicyJson): string | undefined {
  try {
    const answer = cedar.policyToText(policy);
    return answer.type === 'success' ? answer.text : undefined;
  } catch {
    return undefined;
  }
}
