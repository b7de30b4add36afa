import type { CallFacts } from '@surety/decision/call-facts';
import type { CountQuery } from '@surety/decision/counts/count-query';
import { planCounts } from '@surety/decision/counts/plan-counts';
import { matchesPattern } from '@surety/decision/cedar-text';
import { standingLimit } from '@surety/decision/standing';
import type { StoredSystem } from '#catalogue/system-store';
import type { Meters } from '#metering/meters';

/** Counts what other limits and rules would have counted before a recorded call. */
export type CountAnew = (facts: CallFacts) => Promise<CallFacts | undefined>;

/**
 * From what was really done before the call. Undefined where that cannot be told: numbers are kept only where something summed
 * them already, and reads only where a rule asked about them.
 */
export function openCountAnew(
  meters: Pick<Meters, 'count'>,
  systems: readonly Pick<StoredSystem, 'name' | 'operations'>[],
): CountAnew {
  return async (facts) => {
    const standing = standingLimit(facts);
    const plan = 'reason' in standing ? undefined : planCounts(standing);
    if (plan === undefined) return facts;
    const queries = [...plan.limits, ...plan.rules].map(({ query }) => query);
    if (!queries.every((query) => isKept(query, systems))) return undefined;
    return { ...facts, counts: await meters.count(plan, facts.nowMs, true) };
  };
}

function isKept({ measure, of }: CountQuery, systems: readonly Pick<StoredSystem, 'name' | 'operations'>[]): boolean {
  if (typeof measure !== 'string' && ('sum' in measure || 'rows' in measure)) return false;
  return !of.some(({ system, actions, effects }) => {
    if (effects !== undefined && !effects.includes('read')) return false;
    const meant = systems.filter(({ name }) => system === '*' || system === name).flatMap(({ operations }) => operations);
    return meant.some(({ name, effect }) => effect === 'read' && actions.some((action) => matchesPattern(action, name)));
  });
}
