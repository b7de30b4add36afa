import type { Condition, Decision, Link } from '@surety/contract/decision';
import { becauseOf } from './because.ts';
import type { CallFacts } from './call-facts.ts';
import { countConditions } from './counts/count-words.ts';
import type { FlowSource } from './flow/flow-facts.ts';
import { actionId } from './cedar-schema.ts';
import { quoteOdd } from './constraint-words.ts';
import { ownConditions, policySentence } from './explain.ts';
import { agentWords, chainConditions, findRule, passerWords } from './explain-chain.ts';
import { type SmallestChange, smallestChanges } from './explain-remedies.ts';
import type { Limit } from './live-mandate.ts';
import { permissionWords } from './mandate-sentences.ts';
import type { PolicyEngine } from './policy-engine.ts';
import { isRequested } from './standing.ts';
import { type Place, type Weighed, weighLines } from './weigh-lines.ts';

/** A line of an explanation, before the people are named in whose power its changes are. */
export type TreeLine = {
  readonly link: Link;
  readonly title: string;
  readonly verdict: 'permits' | 'denies' | 'holds' | 'not_reached';
  readonly reason: Limit['reason'] | null;
  readonly decided: boolean;
  readonly text: string;
  readonly policies: readonly string[];
  readonly conditions: readonly Condition[];
  readonly changes: readonly SmallestChange[];
};

/** How many policies one line names. */
const maxNamed = 20;

/**
 * Why a call was decided as it was, as a tree for people: each line of the intersection with what it says, the rule in words,
 * the values found, and what would have been enough. On demand, from the facts that were decided on.
 */
export function explainTree(facts: CallFacts, engine: PolicyEngine, decision: Decision): readonly TreeLine[] {
  const weighed = weighLines(facts, engine).map((line) => withAnswer(line, decision));
  const at = weighed.findIndex((line) => isWhy(line, decision));
  return weighed.map((line, index) => ({ ...treeLine(facts, line), decided: index === at }));
}

/** Where somebody asks for a person, what the person said is what that line comes to. */
function withAnswer(line: Weighed, { reason, policies }: Decision): Weighed {
  if (line.place !== 'person' || line.limit?.reason === 'policy.error') return line;
  if (reason === 'approved') return { place: 'person', permits: policies };
  return reason.startsWith('approval.') ? { place: 'person', limit: { reason, link: 'approval', policies } } : line;
}

function isWhy({ limit, place }: Weighed, { outcome, reason, link }: Decision): boolean {
  if (outcome === 'permit') return reason === 'approved' ? place === 'person' : place === 'mandate';
  return limit !== undefined && limit.reason === reason && limit.link === link;
}

function treeLine(facts: CallFacts, line: Weighed): Omit<TreeLine, 'decided'> {
  const { limit, permits } = line;
  const link = limit?.link ?? linkOf(facts, line.place);
  const title = titleOf(facts, line);
  const none = { link, title, policies: [], conditions: [], changes: [], reason: null };
  if (limit !== undefined) {
    const named = { ...limit, policies: (limit.policies ?? []).slice(0, maxNamed) };
    const conditions = ownConditions(facts, named);
    const { reason, policies } = named;
    const verdict = reason.startsWith('held.') ? 'holds' : 'denies';
    const text = becauseOf(facts, named, conditions);
    return { link, title, verdict, reason, text, policies, conditions, changes: smallestChanges(facts, named) };
  }
  if (permits === undefined) return { ...none, verdict: 'not_reached', text: 'Nothing could be asked here.' };
  const policies = permits.slice(0, maxNamed);
  const conditions = [
    ...(line.place === 'counts' ? countedConditions(facts) : line.place === 'flow' ? flowConditions(facts) : []),
    ...chainConditions(facts)
      .filter((one) => one.link === line.place && one.at === line.at)
      .map(plain),
    ...ownConditions(facts, { reason: 'permitted', link, policies }).filter(
      (one) => one.link === link || line.place === 'person',
    ),
  ];
  return { ...none, verdict: 'permits', text: permitWords(facts, line, policies), policies, conditions };
}

function plain({ link, holds, text, found }: Condition): Condition {
  return { link, holds, text, ...(found === undefined ? {} : { found }) };
}

const links: Readonly<Partial<Record<Place, Link>>> = { chain: 'hop', counts: 'limit', person: 'approval' };

function linkOf(facts: CallFacts, place: Place): Link {
  if (place === 'human') return isRequested(facts) ? 'requester' : 'owner';
  return links[place] ?? (place as Link);
}

function titleOf(facts: CallFacts, { place, at }: Weighed): string {
  const agent = agentWords(facts, undefined);
  switch (place) {
    case 'house':
      return 'this node';
    case 'agent':
      return agent;
    case 'owner':
      return `who answers for ${agent}`;
    case 'task':
      return 'the task';
    case 'system':
      return `the system ${quoteOdd(facts.call.systemName)}`;
    case 'mandate':
      return `the mandate of ${agent}`;
    case 'chain':
      return 'the chain of tasks';
    case 'hop':
      return `what ${passerWords(facts, at)} passed on to ${agentWords(facts, at)}`;
    case 'parent':
      return `what ${agentWords(facts, at)} may pass on`;
    case 'human':
      return isRequested(facts) ? 'what the person who asked may do' : 'what the person at the root may answer for';
    case 'organisation':
      return "the organisation's policy";
    case 'counts':
      return 'limits, and what happened before';
    case 'flow':
      return 'where the information came from';
    case 'person':
      return 'a person';
  }
}

/** How much of each limit was used before this call. */
function countedConditions(facts: CallFacts): readonly Condition[] {
  const { counts, mandate, chain = [] } = facts;
  return (counts?.limits ?? []).flatMap(({ at, limit }) => {
    const id = (chain[at]?.mandate ?? mandate)?.id;
    const found = { reason: 'permitted', link: 'limit', at, policies: [`mandate:${id}/limit${limit + 1}`] } as const;
    return (countConditions(facts, found) ?? []).map((one) => ({ ...one, holds: true }));
  });
}

/** What the task has seen, and where the values of the arguments were met. */
function flowConditions({ flow }: CallFacts): readonly Condition[] {
  const from = (source: FlowSource | undefined): string =>
    source === undefined ? '' : ` ${quoteOdd(actionId(source.system, source.operation))}, action ${source.action}`;
  const labels = (flow?.labels ?? []).map(({ name, source }) => ({
    text: `the task has seen what is ${name}`,
    found: `in${from(source)}`,
  }));
  const values = (flow?.values ?? []).map(({ pointer, kind, found, source }) => ({
    text: `the ${kind} in ${quoteOdd(pointer)} was met before`,
    found: `${found}${from(source)}`,
  }));
  return [...labels, ...values].map((one) => ({ link: 'flow', holds: true, ...one }));
}

/** What a line that permits says. */
function permitWords(facts: CallFacts, { place, at }: Weighed, policies: readonly string[]): string {
  const rules = [...new Set(policies.flatMap((id) => ruleWords(facts, id) ?? []))];
  if (rules.length > 0) return `${rules.join('; ')}.`;
  const called = quoteOdd(actionId(facts.call.systemName, facts.call.operationName));
  switch (place) {
    case 'agent':
    case 'owner':
      return 'Active.';
    case 'task':
      return 'Open.';
    case 'system':
      return `Protected here, and ${called} is known: ${facts.operation?.effect ?? 'unknown'}.`;
    case 'hop':
      return 'Nothing narrower was passed on than what is above.';
    case 'counts':
      return 'Within every limit that counts it.';
    case 'flow':
      return 'No rule about the flow of information speaks.';
    case 'person':
      return 'Said yes to exactly this call.';
    case 'parent':
      return `${agentWords(facts, at)} may pass this on.`;
    default:
      return `${policies.join(', ')} permits ${called}.`;
  }
}

function ruleWords(facts: CallFacts, id: string): string | undefined {
  const rule = findRule(facts, id);
  if (rule?.hold !== undefined) return `Asks a person: ${rule.hold.because}`;
  return rule === undefined ? policySentence(facts, id) : permissionWords(rule.permission, 'May call');
}
