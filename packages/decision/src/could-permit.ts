import type { OperationFacts, Standing } from './call-facts.ts';
import { callRequest } from './call-request.ts';
import { chainCouldPermit } from './chain-lines.ts';
import { covers } from './cover.ts';
import type { PolicyEngine, Verdict } from './policy-engine.ts';
import { noNeeds } from './policy-needs.ts';
import type { PolicySet } from './policy-set.ts';
import { liveStanding, type LiveStanding } from './standing.ts';

/**
 * The names of those operations that this agent could be permitted to call, now, with some arguments: what a list of
 * tools may show. Never too few: what is left out here, no arguments and no hour of the day can get permitted. Possibly
 * too many, because conditions on arguments and circumstances are taken to be favourable; every call is decided in full
 * anyway. A call that would be held counts as permitted.
 */
export function couldPermit(facts: Standing, operations: Iterable<OperationFacts>, engine: PolicyEngine): ReadonlySet<string> {
  const standing = liveStanding(facts);
  if (standing === undefined) return new Set();
  return new Set([...operations].filter((operation) => isPossible(standing, operation, engine)).map(({ name }) => name));
}

function isPossible(standing: LiveStanding, operation: OperationFacts, engine: PolicyEngine): boolean {
  const { agent, mandate, system, roles, organisation } = standing;
  const { document } = mandate.policies;
  if (!document.permissions.some((permission) => covers(permission, system.name, operation.name))) return false;
  if (operation.effect !== 'read' && (document.autonomy === 'observe' || agent.autonomy === 'observe')) return false;
  if (!chainCouldPermit(standing, operation)) return false;
  const known = { ...standing, operation, arguments: {} };
  const ask = (set: PolicySet): Verdict =>
    engine.evaluate(set.possible, callRequest(known, { ...noNeeds, entities: set.needs.entities }));
  const byRole = roles.map(({ policies }) => policies && ask(policies));
  return permitsSomething(byRole) && permitsSomething([organisation.policies && ask(organisation.policies)]);
}

/**
 * An error counts as silence: a policy that errs here may do so only because the condition that would have ended it first
 * is among those left out. A set that cannot be read permits nothing.
 */
function permitsSomething(verdicts: readonly (Verdict | undefined)[]): boolean {
  const isReadable = verdicts.every((verdict) => verdict !== undefined && verdict.forbids.length === 0);
  return isReadable && verdicts.some((verdict) => (verdict?.permits.length ?? 0) > 0);
}
