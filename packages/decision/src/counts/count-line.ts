import type { Hearing, Said } from '../hearing.ts';
import type { Limit as Found } from '../live-mandate.ts';
import type { CountFacts } from './count-facts.ts';
import { addDecimals, compareDecimals } from './decimal.ts';
import { conditionOf, ruleId, thresholdOf } from './past-condition.ts';
import { planCounts, type PlannedLimit, type PlannedRule } from './plan-counts.ts';

/** What the limits and the rules about the past say of one call. */
export type CountVerdict = {
  /** The first that forbids it. */
  readonly limit: Found | undefined;
  /** What lets it pass only with a yes. */
  readonly holds: readonly Found[];
};

const nothingCounted: CountVerdict = { limit: undefined, holds: [] };

/**
 * Hears every limit and rule that concerns a call, from what was counted before it. Where something concerns it and was not
 * counted, nothing passes.
 */
export function hearCounts({ standing }: Hearing): CountVerdict {
  const plan = planCounts(standing);
  if (plan === undefined) return nothingCounted;
  const { counts } = standing;
  if (counts === undefined) return { ...nothingCounted, limit: { reason: 'house.not_ready', link: 'limit' } };
  const said = [...plan.limits.map((one) => limitSays(one, counts)), ...plan.rules.map((one) => ruleSays(one, counts))];
  const found = said.filter((one) => one !== undefined);
  return {
    limit: found.find(({ reason }) => !reason.startsWith('held.')),
    holds: found.filter(({ reason }) => reason.startsWith('held.')),
  };
}

/** What of it asks for a person. */
export function countHolds(hearing: Hearing): readonly Found[] {
  return hearCounts(hearing).holds;
}

/** The line of everything that is counted: nothing of it forbids this. */
export function countLine(hearing: Hearing): Said {
  const { limit } = hearCounts(hearing);
  return limit ?? { permits: [] };
}

function limitSays({ at, limit, id, document, adds }: PlannedLimit, counts: CountFacts): Found | undefined {
  const policies = [id];
  if (adds === undefined) return { reason: 'limit.unit', link: 'limit', policies, at };
  const count = counts.limits.find((one) => one.at === at && one.limit === limit);
  if (count === undefined) return { reason: 'house.not_ready', link: 'limit', policies, at };
  const fresh = adds.texts === undefined ? adds.amount : String(adds.texts.length - (count.known ?? 0));
  if (compareDecimals(addDecimals(count.used, fresh), document.max) <= 0) return undefined;
  return { reason: document.exceed === 'hold' ? 'held.limit' : 'limit.reached', link: 'limit', policies, at };
}

function ruleSays({ rule }: PlannedRule, counts: CountFacts): Found | undefined {
  const policies = [ruleId(rule)];
  const count = counts.history.find((one) => one.rule === rule.id);
  if (count === undefined) return { reason: 'house.not_ready', link: 'history', policies };
  const isEnough = compareDecimals(count.found, thresholdOf(rule)) >= 0;
  if (isEnough !== (conditionOf(rule).happened !== undefined)) return undefined;
  return { reason: rule.forbidIf === undefined ? 'held.history' : 'history.forbidden', link: 'history', policies };
}
