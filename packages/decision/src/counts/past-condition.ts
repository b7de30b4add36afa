import type { HistoryRule, PastCondition } from '@surety/contract/history';

/** What the past must be like for a rule to forbid or hold a call. */
export function conditionOf({ forbidIf, holdIf }: HistoryRule): PastCondition {
  const condition = forbidIf ?? holdIf;
  if (condition === undefined) throw new TypeError('a rule says what forbids or holds');
  return condition;
}

/** How much must be found for the past to be as a rule says. A decimal. */
export function thresholdOf(rule: HistoryRule): string {
  const { atLeast = { count: 1 } } = conditionOf(rule);
  return 'amount' in atLeast ? atLeast.amount : String(atLeast.count);
}

/** The id under which a decision names a rule. */
export function ruleId({ id }: HistoryRule): string {
  return `organisation/history/${id}`;
}
