import { type Condition, type Reason, reasons } from '@surety/contract/decision';
import type { CallFacts } from './call-facts.ts';
import { actionId } from './cedar-schema.ts';
import { cut, quoteOdd } from './constraint-words.ts';
import { countSentence } from './counts/count-words.ts';
import { agentWords, findRule, passerWords } from './explain-chain.ts';
import { policySentence, toldSentence } from './explain.ts';
import { flowSentence } from './flow/flow-words.ts';
import { dateWords } from './mandate-sentences.ts';
import type { Limit } from './live-mandate.ts';

const longest = 400;

/**
 * One sentence for people: which limit it was. Names neither people nor values of arguments: what was found is in the
 * conditions, for those who may see them.
 */
export function becauseOf(facts: CallFacts, limit: Limit, conditions: readonly Condition[]): string {
  return cut(sentenceOf(facts, limit, { conditions, saysOf: policySentence }) ?? sentenceFor(limit.reason), longest);
}

/**
 * The same for the model that asked: of policies of a role or of the organisation it is told what their `@tell` says, and
 * nothing else, because `@because` and `@hold` may say what they measure. What its own mandate says, it may know.
 */
export function forModelOf(facts: CallFacts, limit: Limit, conditions: readonly Condition[]): string {
  return cut(sentenceOf(facts, limit, { conditions, saysOf: toldSentence }) ?? sentenceFor(limit.reason), longest);
}

/** What conditions there were, and what a policy says of itself to whoever reads this. */
type Saying = {
  readonly conditions: readonly Condition[];
  readonly saysOf: (facts: CallFacts, id: string) => string | undefined;
};

/** What a reason says by itself. */
export function sentenceFor(reason: Reason): string {
  return `${reasons[reason]}.`;
}

function sentenceOf(facts: CallFacts, limit: Limit, { conditions, saysOf }: Saying): string | undefined {
  const { reason, link, policies = [] } = limit;
  const called = quoteOdd(actionId(facts.call.systemName, facts.call.operationName));
  const failing = conditions.filter((one) => !one.holds && one.link === link).map(({ text }) => text);
  switch (reason) {
    case 'mandate.silent':
      return `Nothing in the mandate permits ${called}.`;
    case 'mandate.constraint':
      return `The mandate permits ${called} only when ${joinWords(failing)}.`;
    case 'parent.constraint':
      return `${capital(agentWords(facts, limit.at))} may pass on ${called} only when ${joinWords(failing)}.`;
    case 'hop.constraint':
      return `${passedWords(facts, limit)} covers ${called} only when ${joinWords(failing)}.`;
    case 'requester.may_not':
      return `The person who asked for this may not do ${called}${sayWhy(facts, policies, saysOf)}.`;
    case 'held.parent':
      return holdWords(facts, policies, saysOf) ?? chainSentence(facts, limit, called);
    case 'mandate.expired':
      return (
        facts.mandate?.policies &&
        `The mandate expired: it was good until ${dateWords(facts.mandate.policies.document.expiresAt)}.`
      );
    case 'owner.may_not_answer':
      return `The person who answers for the agent may not answer for ${called}${sayWhy(facts, policies, saysOf)}.`;
    case 'organisation.silent':
      return `No policy of the organisation permits ${called}.`;
    case 'organisation.forbidden':
      return `A policy of the organisation forbids ${called}${sayWhy(facts, policies, saysOf)}.`;
    case 'held.flow':
    case 'flow.forbidden':
      // A model that was misled is told no more than that somebody was asked.
      return saysOf === policySentence ? flowSentence(facts) : undefined;
    case 'limit.reached':
    case 'limit.unit':
    case 'held.limit':
      return countSentence(facts, limit);
    case 'history.forbidden':
    case 'held.history':
      return saysOf === policySentence ? countSentence(facts, limit) : undefined;
    case 'held.mandate':
    case 'held.organisation':
      return holdWords(facts, policies, saysOf);
    default:
      return chainSentence(facts, limit, called);
  }
}

/** Which agent of the chain, or what was passed on to which, and what of it. */
function chainSentence(facts: CallFacts, limit: Limit, called: string): string | undefined {
  const who = agentWords(facts, limit.at);
  const passer = `${capital(who)}, which passed this on,`;
  switch (limit.reason) {
    case 'chain.too_deep':
      return limit.at === undefined
        ? undefined
        : `${limit.link === 'hop' ? passedWords(facts, limit) : capital(who)} does not allow as many hops below as there are.`;
    case 'parent.not_active':
      return `${passer} is not active.`;
    case 'parent.owner_not_active':
      return `The person who answers for ${who}, which passed this on, is not active.`;
    case 'parent.task_ended':
      return `The task of ${who}, which passed this on, has ended or expired.`;
    case 'parent.no_mandate':
      return `${passer} has no mandate in force.`;
    case 'parent.may_not_pass_on':
      return `${capital(who)} may not pass on ${called}.`;
    case 'parent.autonomy':
      return `${passer} may only read.`;
    case 'held.parent':
      return `${passer} would need to ask a person here.`;
    case 'hop.expired':
      return `${passedWords(facts, limit)} has expired.`;
    case 'hop.invalid':
      return `${passedWords(facts, limit)} cannot be read.`;
    case 'hop.silent':
      return `${passedWords(facts, limit)} does not cover ${called}.`;
    default:
      return undefined;
  }
}

function passedWords(facts: CallFacts, { at }: Limit): string {
  return `What ${passerWords(facts, at)} passed on to ${agentWords(facts, at)}`;
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function sayWhy(facts: CallFacts, policies: readonly string[], saysOf: Saying['saysOf']): string {
  const sentences = policies.flatMap((id) => saysOf(facts, id) ?? []);
  return sentences.length === 0 ? '' : `: ${[...new Set(sentences)].map(withoutStop).join('; ')}`;
}

/** What each rule says why it asks, once. */
function holdWords(facts: CallFacts, policies: readonly string[], saysOf: Saying['saysOf']): string | undefined {
  const sentences = policies.flatMap((id) => findRule(facts, id)?.hold?.because ?? saysOf(facts, id) ?? []);
  return sentences.length === 0 ? undefined : `${[...new Set(sentences)].map(withoutStop).join('; ')}.`;
}

function withoutStop(sentence: string): string {
  return sentence.trim().replace(/\.$/, '');
}

function joinWords(words: readonly string[]): string {
  return words.length <= 1 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
