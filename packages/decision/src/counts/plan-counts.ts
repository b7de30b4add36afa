import { ExactNumber, type ExactRecord } from '@surety/contract/exact-json';
import type { DoneBy, HistoryRule, PastCondition } from '@surety/contract/history';
import { durationMs, type Limit, type Measure } from '@surety/contract/limits';
import { valueAt } from '../argument-facts.ts';
import type { LiveMandate } from '../live-mandate.ts';
import { rootTask, type KnownFacts } from '../standing.ts';
import { meansCall, type PatternedCall, spellPointer } from './call-pattern.ts';
import type { CountQuery, Who } from './count-query.ts';
import { conditionOf } from './past-condition.ts';
import { plainTexts } from './plain-text.ts';

/** Every limit and rule that concerns one call. */
export type CountPlan = { readonly limits: readonly PlannedLimit[]; readonly rules: readonly PlannedRule[] };

/** A limit that a call draws on. */
export type PlannedLimit = {
  /** Whose mandate it stands in, counted from the root of the chain; the caller last. */
  readonly at: number;
  /** Its place in that mandate, and its id there. */
  readonly limit: number;
  readonly id: string;
  readonly document: Limit;
  /** How much this call adds; undefined when that cannot be told, so that the call cannot go. */
  readonly adds: Draw | undefined;
  readonly query: CountQuery;
};

/** A decimal; of distinct values, the values of this call, of which those that are known already add nothing. */
export type Draw = { readonly amount: string; readonly texts?: readonly string[] };

export type PlannedRule = { readonly rule: HistoryRule; readonly query: CountQuery };

/**
 * What is to be counted before this call can be decided: the limits of its agent's mandate and of each mandate above, each with
 * a meter of its own, and the organisation's rules about the past. Undefined when nothing of the kind concerns it.
 */
export function planCounts(known: KnownFacts): CountPlan | undefined {
  const { mandate, chain, organisation } = known;
  const isCounted = ({ policies: { document } }: LiveMandate): boolean => document.limits !== undefined;
  const rules = organisation.rules ?? [];
  if (rules.length === 0 && !isCounted(mandate) && !chain.some((link) => isCounted(link.mandate))) return undefined;
  const call = patternedCall(known);
  const limits = [...chain, { agent: known.agent, mandate }].flatMap((link, at) =>
    (link.mandate.policies.document.limits ?? []).flatMap((document, limit) =>
      document.of.some((pattern) => meansCall(pattern, call))
        ? [
            {
              at,
              limit,
              id: `mandate:${link.mandate.id}/limit${limit + 1}`,
              document,
              adds: drawOf(document.measure, call.arguments),
              query: limitQuery(document, link.agent, rootOf(known)),
            },
          ]
        : [],
    ),
  );
  const planned = rules.filter(({ when }) => meansCall(when, call)).map((rule) => ({ rule, query: ruleQuery(rule, known) }));
  return limits.length === 0 && planned.length === 0 ? undefined : { limits, rules: planned };
}

export function patternedCall({ system, operation, arguments: args }: KnownFacts): PatternedCall {
  return { system: system.name, operation: operation.name, effect: operation.effect, arguments: args };
}

function rootOf({ chain, task }: KnownFacts): string {
  return chain[0]?.task.id ?? task.id;
}

/** What a limit of an agent's mandate counts, in one tree of tasks where it is per task. */
export function limitQuery(
  { of, measure, per, within = 'task' }: Limit,
  agent: { readonly id: string; readonly owner: string },
  root: string,
): CountQuery {
  const who: Readonly<Record<Limit['per'], Who>> = {
    task: { root, agents: [agent.id] },
    agent: { agents: [agent.id] },
    owner: { owner: agent.owner },
    organisation: {},
  };
  return { who: who[per], of, same: [], measure, withinMs: windowOf(within), isStrict: false };
}

function windowOf(within: string): number | null {
  return within === 'task' ? null : (durationMs(within) ?? null);
}

/**
 * How much a call draws. Undefined when it cannot be told: a number that is not given or is negative, another unit, no plain
 * value. A system's own default must never be free.
 */
function drawOf(measure: Measure, args: ExactRecord): Draw | undefined {
  if (typeof measure === 'string') return { amount: '1' };
  if ('distinct' in measure) {
    const texts = plainTexts(valueAt(args, measure.distinct));
    return texts && { amount: String(texts.length), texts };
  }
  if ('rows' in measure) return rowsOf(measure, args);
  const { sum, unit } = measure;
  if (unit?.at !== undefined && valueAt(args, unit.at) !== unit.is) return undefined;
  const value = valueAt(args, sum);
  return value instanceof ExactNumber && !value.canonical.startsWith('-') ? { amount: value.canonical } : undefined;
}

/** What is asked for, or the most where nothing is asked. */
function rowsOf({ rows, most }: Extract<Measure, { rows: string }>, args: ExactRecord): Draw | undefined {
  const value = valueAt(args, rows);
  if (value === undefined || value === null) return { amount: String(most) };
  const isCount = value instanceof ExactNumber && value.isInteger && !value.canonical.startsWith('-');
  return isCount ? { amount: value.canonical } : undefined;
}

function ruleQuery(rule: HistoryRule, known: KnownFacts): CountQuery {
  const condition = conditionOf(rule);
  const pattern = condition.happened ?? condition.notHappened;
  const isStrict = condition.notHappened !== undefined;
  return {
    who: whoOf(condition.by, known),
    of: pattern === undefined ? [] : [pattern],
    same: (condition.same ?? []).flatMap(({ here, there }) => {
      const texts = plainTexts(valueAt(known.arguments, here));
      // What this call leaves open could be anything: any earlier call will do for what must not have been, none for what must.
      return texts === undefined && !isStrict ? [] : [{ there: spellPointer(there), texts: texts ?? [] }];
    }),
    measure: measureOf(condition),
    withinMs: windowOf(condition.within),
    isStrict,
  };
}

function measureOf({ atLeast = { count: 1 } }: PastCondition): Measure {
  if ('distinct' in atLeast) return { distinct: atLeast.distinct };
  if ('sum' in atLeast) return { sum: atLeast.sum, ...(atLeast.unit === undefined ? {} : { unit: atLeast.unit }) };
  return 'count';
}

function whoOf(by: DoneBy, known: KnownFacts): Who {
  const { agent, chain, human } = known;
  switch (by) {
    case 'task':
      return { root: rootOf(known) };
    case 'agent':
      return { agents: [...chain.map((link) => link.agent.id), agent.id] };
    case 'owner':
      return { owner: agent.owner };
    case 'requester':
      return { requester: rootTask(known)?.requester ?? agent.id };
    case 'same_person':
      return { person: human.id };
    case 'anyone':
      return {};
  }
}
