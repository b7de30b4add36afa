import { canonicalJson, ExactNumber, type ExactRecord, fromPlain } from '@surety/contract/exact-json';
import type { HistoryRule } from '@surety/contract/history';
import { valueAt } from '@surety/decision/argument-facts';
import type { CountFacts } from '@surety/decision/counts/count-facts';
import { meansCall, type PatternedCall, spellPointer } from '@surety/decision/counts/call-pattern';
import type { CountQuery } from '@surety/decision/counts/count-query';
import { conditionOf, thresholdOf } from '@surety/decision/counts/past-condition';
import type { CountPlan, PlannedLimit, PlannedRule } from '@surety/decision/counts/plan-counts';
import type { Db } from '#kernel/db';
import type { Deed } from '#ledger/deed';
import { countDeeds, type Counted } from '#ledger/deed-store';
import type { Check, Metering } from '#ledger/metering';
import { pointersOf, printQuery } from './print-query.ts';
import { printArguments, type PrintKey, printKey, printText } from './print-values.ts';

/** Who makes a call, and for whom, as a deed says it. */
export type DeedMaker = Pick<Deed, 'root' | 'task' | 'agent' | 'above' | 'owners' | 'requester' | 'person'>;

/** Counts what agents do. */
export type Meters = {
  /**
   * What was counted before a call that this plan is about, in flight included. `isPast`: of a call that was made then, so that
   * what was done since does not count.
   */
  count(plan: CountPlan, nowMs: number, isPast?: boolean): Promise<CountFacts>;
  /** What a permitted call is committed with. `isApproved`: a person said yes to exactly this call. */
  meter(plan: CountPlan | undefined, of: { readonly nowMs: number; readonly isApproved: boolean }): Metering | undefined;
  /** What a query counts now: a decimal. */
  total(query: CountQuery, nowMs: number): Promise<string>;
  /** What a call does, to be counted. `summed`: numbers that anything sums, by pointer. */
  deed(maker: DeedMaker, of: DeedCall): Omit<Deed, 'action'>;
};

export type DeedCall = {
  readonly call: PatternedCall;
  readonly plan: CountPlan | undefined;
  readonly nowMs: number;
  readonly summed: readonly string[];
};

/** Under the key that fingerprints are made with, 32 bytes. */
export function openMeters({ db, key: secret }: { readonly db: Db; readonly key: Buffer }): Meters {
  const key = printKey(secret);
  const ask = (text: string, values: unknown[]) =>
    db.query<{ amount: string; known: string[] | null; first: string | null }>(text, values);
  type More = { readonly texts?: readonly string[] | undefined; readonly isPast?: boolean };
  const countOne = (query: CountQuery, nowMs: number, { texts = [], isPast = false }: More = {}): Promise<Counted> =>
    countDeeds(ask, {
      query: printQuery(key, query),
      since: query.withinMs === null ? null : new Date(nowMs - query.withinMs),
      until: isPast ? new Date(nowMs) : undefined,
      prints: texts.map((text) => printText(key, text)),
    });
  return {
    count: async ({ limits, rules }, nowMs, isPast = false) => ({
      limits: await Promise.all(
        limits.map(async ({ at, limit, query, adds }) => {
          const { amount, known } = await countOne(query, nowMs, { texts: adds?.texts, isPast });
          return { at, limit, used: amount, ...(adds?.texts === undefined ? {} : { known: known.length }) };
        }),
      ),
      history: await Promise.all(
        rules.map(async ({ rule, query }) => {
          const { amount, first } = await countOne(query, nowMs, { isPast });
          return { rule: rule.id, found: amount, ...(first === null ? {} : { action: first }) };
        }),
      ),
    }),
    total: async (query, nowMs) => (await countOne(query, nowMs)).amount,
    meter: (plan, of) => plan && meteringOf(key, plan, of),
    deed: (maker, of) => deedOf(key, maker, of),
  };
}

/** Whether a rule could ask of this call later, so that a read of it leaves a deed too. */
export function isAskedAbout(rules: readonly HistoryRule[], call: PatternedCall): boolean {
  return rules.some((rule) => {
    const { happened, notHappened } = conditionOf(rule);
    return [happened, notHappened].some((pattern) => pattern !== undefined && meansCall(pattern, call));
  });
}

/** Numbers that the organisation's rules sum, by pointer. */
export function summedBy(rules: readonly HistoryRule[]): readonly string[] {
  return rules.flatMap((rule) => {
    const { atLeast = { count: 1 } } = conditionOf(rule);
    return 'sum' in atLeast ? [atLeast.sum] : [];
  });
}

type Going = { readonly nowMs: number; readonly isApproved: boolean };

/** The locks follow the argument in `commit-metered.ts`. Undefined when nothing is left that could speak against the call. */
function meteringOf(key: PrintKey, { limits, rules }: CountPlan, going: Going): Metering | undefined {
  const asked = {
    limits: limits.filter(({ document }) => !(going.isApproved && document.exceed === 'hold')),
    rules: rules.filter(({ rule }) => !(going.isApproved && rule.holdIf !== undefined)),
  };
  const checks = [
    ...asked.limits.map((one) => limitCheck(key, one, going.nowMs)),
    ...asked.rules.map((one) => ruleCheck(key, one, going.nowMs)),
  ];
  if (checks.length === 0) return undefined;
  const locks = [...asked.limits.map(lockOf), ...(asked.rules.length > 0 ? [wideLock] : [])];
  return { locks: [...new Set(locks)], checks };
}

const wideLock = 'organisation';

function lockOf({ document: { per }, query: { who } }: PlannedLimit): string {
  if (per === 'task') return `task:${who.root ?? ''}`;
  return per === 'agent' ? `agent:${who.agents?.[0] ?? ''}` : wideLock;
}

function limitCheck(key: PrintKey, { query, adds, document }: PlannedLimit, nowMs: number): Check {
  const prints = (adds?.texts ?? []).map((text) => printText(key, text));
  return { ...checkOf(key, query, nowMs), adds: adds?.amount ?? '0', prints, atMost: document.max };
}

function ruleCheck(key: PrintKey, { rule, query }: PlannedRule, nowMs: number): Check {
  const isForbidden = conditionOf(rule).happened !== undefined;
  const bound = isForbidden ? { under: thresholdOf(rule) } : { atLeast: thresholdOf(rule) };
  return { ...checkOf(key, query, nowMs), adds: '0', prints: [], ...bound };
}

function checkOf(key: PrintKey, query: CountQuery, nowMs: number): Pick<Check, 'query' | 'key' | 'windowMs' | 'sinceMs'> {
  const printed = printQuery(key, query);
  const { withinMs } = query;
  return {
    query: printed,
    key: canonicalJson(fromPlain(printed)),
    windowMs: withinMs,
    sinceMs: withinMs === null ? null : nowMs - withinMs,
  };
}

function deedOf(key: PrintKey, maker: DeedMaker, { call, plan, nowMs, summed }: DeedCall): Omit<Deed, 'action'> {
  const queries = plan === undefined ? [] : [...plan.limits, ...plan.rules].map(({ query }) => query);
  const { system, operation, effect, arguments: args } = call;
  return {
    ...maker,
    system,
    operation,
    effect,
    atMs: nowMs,
    ...printArguments(key, args, queries.flatMap(pointersOf)),
    amounts: amountsOf(args, [...summed, ...queries.flatMap(({ measure }) => sumOf(measure))]),
    rows: rowsOf(plan),
  };
}

function sumOf(measure: CountQuery['measure']): readonly string[] {
  return typeof measure !== 'string' && 'sum' in measure ? [measure.sum] : [];
}

function amountsOf(args: ExactRecord, pointers: readonly string[]): Readonly<Record<string, string>> {
  const amounts: Record<string, string> = Object.create(null);
  for (const pointer of pointers) {
    const value = valueAt(args, pointer);
    if (value instanceof ExactNumber && !value.canonical.startsWith('-')) amounts[spellPointer(pointer)] = value.canonical;
  }
  return amounts;
}

const maxRows = 2 ** 31 - 1;

function rowsOf(plan: CountPlan | undefined): number | null {
  const asked = (plan?.limits ?? []).flatMap(({ document: { measure }, adds }) =>
    typeof measure !== 'string' && 'rows' in measure && adds !== undefined ? [Number(adds.amount)] : [],
  );
  return asked.length === 0 ? null : Math.min(maxRows, Math.max(...asked));
}
