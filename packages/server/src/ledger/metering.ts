import { addDecimals, compareDecimals } from '@surety/decision/counts/decimal';
import type { DeedQuery } from './deed.ts';

/** What a unit draws on. */
export type Metering = {
  /** What is locked while it is decided, each once: `commit-metered.ts` says which must be. */
  readonly locks: readonly string[];
  readonly checks: readonly Check[];
};

/** One thing that is counted, and between what bounds it must be for the unit to go. */
export type Check = {
  readonly query: DeedQuery;
  /** The query as text, the same for the same query. */
  readonly key: string;
  /** How far back it counts, in milliseconds; null for everything. What is newer than `sinceMs`, since the epoch, counts. */
  readonly windowMs: number | null;
  readonly sinceMs: number | null;
  /** What the unit's own deed adds, a decimal. Of distinct values only those of `prints` that are not known yet. */
  readonly adds: string;
  readonly prints: readonly string[];
  /** With what it adds, at most this. */
  readonly atMost?: string | undefined;
  /** What was counted before: less than this, and at least this. */
  readonly under?: string | undefined;
  readonly atLeast?: string | undefined;
};

/** What a check finds: a decimal, and which of its own values are known already. */
export type CheckFound = { readonly amount: string; readonly known: ReadonlySet<string> };

/** Whether what was found leaves room. */
export function leavesRoom({ adds, prints, atMost, under, atLeast, query }: Check, { amount, known }: CheckFound): boolean {
  const fresh = query.measure.kind === 'distinct' ? String(prints.filter((print) => !known.has(print)).length) : adds;
  return (
    (atMost === undefined || compareDecimals(addDecimals(amount, fresh), atMost) <= 0) &&
    (under === undefined || compareDecimals(amount, under) < 0) &&
    (atLeast === undefined || compareDecimals(amount, atLeast) >= 0)
  );
}
