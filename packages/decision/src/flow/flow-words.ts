import type { Effect } from '@surety/contract/system';
import { actionId } from '../cedar-schema.ts';
import type { CarriedValue, FlowFacts } from './flow-facts.ts';
import { flowRules, type FlowRule, type FlowSaid } from './flow-line.ts';

/**
 * What the rules of the house say about a call, in one sentence for people, with the source of what it is about. It names
 * arguments and operations, never values. Undefined where no rule speaks.
 */
export function flowSentence(facts: FlowCall): string | undefined {
  const said = saidOf(facts);
  return said === undefined || facts.flow === undefined ? undefined : `${sentenceOf(said, facts.flow)}.`;
}

/** The same as a condition that does not hold: what would have been right, and what was found instead. */
export function flowCondition(
  facts: FlowCall,
): { readonly holds: false; readonly text: string; readonly found?: string } | undefined {
  const said = saidOf(facts);
  if (said === undefined || facts.flow === undefined) return undefined;
  return { holds: false, text: wishes[said.rule](argumentOf(said)), found: sentenceOf(said, facts.flow) };
}

/** As much of the facts of a call as is needed. */
export type FlowCall = {
  readonly operation?: { readonly effect: Effect } | undefined;
  readonly flow?: FlowFacts | undefined;
};

function saidOf({ operation, flow }: FlowCall): FlowSaid | undefined {
  return operation === undefined || flow === undefined ? undefined : flowRules(operation.effect, flow);
}

const wishes: Readonly<Record<FlowRule, (argument: string) => string>> = {
  'secret-out': (argument) => `${argument} carries no secret to a place that nobody named`,
  'untrusted-guard': (argument) => `${argument} was named by who asked, or stands in the directory of known destinations`,
  'unknown-guard': (argument) => `${argument} was named by who asked, or stands in the directory of known destinations`,
  'untrusted-link': (argument) => `${argument} carries no link or address that an outsider wrote`,
  'private-out': (argument) =>
    `${argument} carries no number of a person or an account to a place that the organisation does not know`,
  'outside-task': () => 'what was asked for speaks of this',
  'untrusted-only': () => 'somebody other than an outsider named something of this call',
};

function argumentOf({ value }: FlowSaid): string {
  return value === undefined ? 'the call' : `"${value.pointer}"`;
}

function sentenceOf({ rule, value }: FlowSaid, facts: FlowFacts): string {
  const argument = value === undefined ? 'The call' : `"${value.pointer}"`;
  switch (rule) {
    case 'secret-out':
      return `${argument} carries what is marked as secret to a place that nobody named${metIn(value)}`;
    case 'untrusted-guard':
      return `${argument} was chosen by an outsider${metIn(value)}, and neither the request nor the directory of known destinations names it`;
    case 'unknown-guard':
      return `Nobody named ${argument}: it stands in no request, no directory and no answer, and the task has read what outsiders write${seenIn(facts)}`;
    case 'untrusted-link':
      return `${argument} carries a link or an address that an outsider wrote${metIn(value)}`;
    case 'private-out':
      return `${argument} carries a number of a person or an account${metIn(value)} to a place that the organisation does not know`;
    case 'outside-task':
      return `What was asked for speaks of no such thing, and the task has read what outsiders write${seenIn(facts)}`;
    case 'untrusted-only':
      return `Only an outsider named ${argument}${metIn(value)}, and nobody else named anything of this call`;
  }
}

function metIn(value: CarriedValue | undefined): string {
  const source = value?.source;
  return source === undefined ? '' : `: it was first met in an answer of ${actionId(source.system, source.operation)}`;
}

function seenIn({ labels }: FlowFacts): string {
  const first = labels.find(({ name }) => name === 'untrusted')?.source;
  return first === undefined ? '' : ` (first in an answer of ${actionId(first.system, first.operation)})`;
}
