import { type Condition, type Reason, reasons } from '@surety/contract/decision';
import type { CallFacts } from './call-facts.ts';
import { actionId } from './cedar-schema.ts';
import { cut, quoteOdd } from './constraint-words.ts';
import { findRule, policySentence } from './explain.ts';
import { dateWords } from './mandate-sentences.ts';
import type { Limit } from './standing.ts';

const longest = 400;

/**
 * One sentence for people and models: which limit it was. Names neither people nor values of arguments: what was found
 * is in the conditions, for those who may see them.
 */
export function becauseOf(facts: CallFacts, limit: Limit, conditions: readonly Condition[]): string {
  return cut(sentenceOf(facts, limit, conditions) ?? sentenceFor(limit.reason), longest);
}

/** What a reason says by itself. */
export function sentenceFor(reason: Reason): string {
  return `${reasons[reason]}.`;
}

function sentenceOf(facts: CallFacts, { reason, policies = [] }: Limit, conditions: readonly Condition[]): string | undefined {
  const called = quoteOdd(actionId(facts.call.systemName, facts.call.operationName));
  switch (reason) {
    case 'mandate.silent':
      return `Nothing in the mandate permits ${called}.`;
    case 'mandate.constraint': {
      const failing = conditions.filter(({ holds }) => !holds).map(({ text }) => text);
      return `The mandate permits ${called} only when ${joinWords(failing)}.`;
    }
    case 'mandate.expired':
      return (
        facts.mandate?.policies &&
        `The mandate expired: it was good until ${dateWords(facts.mandate.policies.document.expiresAt)}.`
      );
    case 'owner.may_not_answer':
      return `The person who answers for the agent may not answer for ${called}${sayWhy(facts, policies)}.`;
    case 'organisation.silent':
      return `No policy of the organisation permits ${called}.`;
    case 'organisation.forbidden':
      return `A policy of the organisation forbids ${called}${sayWhy(facts, policies)}.`;
    case 'held.mandate':
    case 'held.organisation':
      return holdWords(facts, policies);
    default:
      return undefined;
  }
}

function sayWhy(facts: CallFacts, policies: readonly string[]): string {
  const sentences = policies.flatMap((id) => policySentence(facts, id) ?? []);
  return sentences.length === 0 ? '' : `: ${[...new Set(sentences)].map(withoutStop).join('; ')}`;
}

/** What each rule says why it asks, once. */
function holdWords(facts: CallFacts, policies: readonly string[]): string | undefined {
  const sentences = policies.flatMap((id) => findRule(facts, id)?.hold?.because ?? policySentence(facts, id) ?? []);
  return sentences.length === 0 ? undefined : `${[...new Set(sentences)].map(withoutStop).join('; ')}.`;
}

function withoutStop(sentence: string): string {
  return sentence.trim().replace(/\.$/, '');
}

function joinWords(words: readonly string[]): string {
  return words.length <= 1 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
