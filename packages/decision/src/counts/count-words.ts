import type { Condition } from '@surety/contract/decision';
import type { HistoryRule } from '@surety/contract/history';
import type { Limit } from '@surety/contract/limits';
import type { CallFacts } from '../call-facts.ts';
import { agentWords } from '../explain-chain.ts';
import type { Limit as Found } from '../live-mandate.ts';
import { limitWords, pastWords } from './limit-words.ts';
import { conditionOf, ruleId, thresholdOf } from './past-condition.ts';

/** Which limit or rule it was, in one sentence. Undefined when it was none, or cannot be found. */
export function countSentence(facts: CallFacts, found: Found): string | undefined {
  const rule = ruleOf(facts, found);
  if (rule !== undefined) return `${rule.because.trim().replace(/\.$/, '')}.`;
  const limit = limitOf(facts, found);
  if (limit === undefined) return undefined;
  const whose =
    found.at === undefined || found.at === (facts.chain ?? []).length
      ? 'the mandate'
      : `the mandate of ${agentWords(facts, found.at)}`;
  if (found.reason === 'limit.unit')
    return `A limit of ${whose} counts what is not given here, or not as it can be counted: ${limitWords(limit)}.`;
  const then = found.reason === 'held.limit' ? 'asks a person' : 'is refused';
  return `More than a limit of ${whose} allows ${then}: ${limitWords(limit)}.`;
}

/** What was counted, for whoever may see it. Undefined when it was no limit or rule. */
export function countConditions(facts: CallFacts, found: Found): readonly Condition[] | undefined {
  const rule = ruleOf(facts, found);
  if (rule !== undefined) {
    const counted = facts.counts?.history.find((one) => one.rule === rule.id);
    const action = counted?.action === undefined ? '' : `, first by action ${counted.action}`;
    const text =
      conditionOf(rule).happened === undefined ? `at least ${thresholdOf(rule)} so` : `less than ${thresholdOf(rule)} so`;
    return [
      {
        link: 'history',
        holds: false,
        text: `${pastWords(conditionOf(rule))}: ${text}`,
        found: `${counted?.found ?? 'not counted'}${action}`,
      },
    ];
  }
  const limit = limitOf(facts, found);
  if (limit === undefined) return undefined;
  const place = indexOf(found);
  const at = found.at ?? (facts.chain ?? []).length;
  const counted = facts.counts?.limits.find((one) => one.at === at && one.limit === place);
  const words = counted === undefined ? 'not counted' : `${counted.used} before this call`;
  return [{ link: 'limit', holds: false, text: limitWords(limit), found: words }];
}

function ruleOf({ organisation }: CallFacts, { policies = [], link }: Found): HistoryRule | undefined {
  return link === 'history' ? organisation?.rules?.find((rule) => ruleId(rule) === policies[0]) : undefined;
}

function limitOf({ mandate, chain = [] }: CallFacts, found: Found): Limit | undefined {
  if (found.link !== 'limit' || found.policies === undefined) return undefined;
  const of = found.at === undefined || found.at >= chain.length ? mandate : chain[found.at]?.mandate;
  return of?.policies?.document.limits?.[indexOf(found)];
}

function indexOf({ policies = [] }: Found): number {
  return Number(/\/limit(\d+)$/.exec(policies[0] ?? '')?.[1] ?? 0) - 1;
}
