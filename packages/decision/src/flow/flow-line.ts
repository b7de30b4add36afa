import type { Effect } from '@surety/contract/system';
import type { Limit } from '../live-mandate.ts';
import { guardOver } from './guard-over.ts';
import { type CarriedValue, type FlowFacts, type Guard, secret, untrusted } from './flow-facts.ts';

/** What the id of a rule of the house begins with, where a decision names it. */
export const flowRulePrefix = 'house/flow/';

/** Which rule of the house spoke. */
export type FlowRule =
  | 'secret-out'
  | 'untrusted-guard'
  | 'unknown-guard'
  | 'untrusted-link'
  | 'private-out'
  | 'outside-task'
  | 'untrusted-only';

/** What the flow of information says about a call, where it says something. */
export type FlowSaid = {
  readonly reason: 'held.flow' | 'flow.forbidden';
  readonly rule: FlowRule;
  /** The value it is about; undefined where it is about the call as a whole. */
  readonly value?: CarriedValue;
};

/** Labels of what is about people, or about the organisation's own affairs. */
const privateLabels: ReadonlySet<string> = new Set(['confidential', secret, 'pii', 'customer', 'financial']);

/** Kinds by which a person or an account is told from every other. */
const recordKinds: ReadonlySet<string> = new Set(['id', 'account', 'iban', 'phone']);

const linkKinds: ReadonlySet<string> = new Set(['url', 'email', 'iban']);

/**
 * What the rules of the house say about where the information of a call came from. They speak only once the task has seen what
 * an outsider can write: before that, nobody but those who may has said anything to the agent. In this order:
 *
 * - A secret goes to nothing that nobody named: forbidden. Everything else is asked, because a person may well have wanted it.
 * - A destination, a right or, where the effect cannot be put back, an object was chosen by an outsider, or nobody knows by
 *   whom.
 * - A link, an address or an account that an outsider wrote is carried to somebody else.
 * - Numbers of people or accounts leave for a place that the organisation does not know.
 * - What was asked for speaks of no such thing.
 * - Nothing in the call was named by anybody but an outsider.
 */
export function flowRules(effect: Effect, facts: FlowFacts): FlowSaid | undefined {
  if (!facts.labels.some(({ name }) => name === untrusted)) return undefined;
  const guarded = facts.values.flatMap((value) => {
    const guard = guardOver(facts.guards, value.pointer);
    return guard === undefined ? [] : [{ value, guard }];
  });
  const open = guarded.filter(({ value, guard }) => isOpen(effect, facts, { value, guard }));
  const leaks = facts.values.find(({ labels, found }) => labels.includes(secret) && found !== 'request');
  const isSentOut = open.some(({ guard }) => guard.of === 'destination');
  if (leaks !== undefined && isSentOut) return { reason: 'flow.forbidden', rule: 'secret-out', value: leaks };
  const first = open.find(({ value }) => value.found === 'untrusted') ?? open[0];
  if (first !== undefined) return held(first.value.found === 'untrusted' ? 'untrusted-guard' : 'unknown-guard', first.value);
  if (effect !== 'read') return acting(effect, facts, guarded);
  const asked = facts.leaves === true ? leavingRecord(facts, guarded) : undefined;
  return asked === undefined ? undefined : held('private-out', asked);
}

/** Rules for calls that change something and whose guards are answered for. */
function acting(effect: Effect, facts: FlowFacts, guarded: readonly Guarded[]): FlowSaid | undefined {
  const link = facts.values.find(({ kind, found }) => linkKinds.has(kind) && found === 'untrusted');
  if (link !== undefined) return held('untrusted-link', link);
  const record = effect === 'external' ? leavingRecord(facts, guarded) : undefined;
  if (record !== undefined) return held('private-out', record);
  if (facts.purpose === 'outside') return held('outside-task');
  const isAnswered = facts.values.some(({ found }) => found !== 'untrusted' && found !== 'nowhere');
  const isObject = ({ pointer }: CarriedValue): boolean =>
    guarded.some(({ value, guard }) => value.pointer === pointer && guard.of === 'target');
  const chosen = facts.values.find((value) => value.found === 'untrusted' && value.isWhole && !isObject(value));
  return chosen !== undefined && !isAnswered ? held('untrusted-only', chosen) : undefined;
}

type Guarded = { readonly value: CarriedValue; readonly guard: Guard };

function held(rule: FlowRule, value?: CarriedValue): FlowSaid {
  return { reason: 'held.flow', rule, ...(value === undefined ? {} : { value }) };
}

/**
 * Whether nobody who may say so has named this destination, this right or this object. What can be put back needs nobody's word
 * for which of our own objects it touches; a read goes to an address that nobody named only where there is nothing private to
 * take along.
 */
function isOpen(effect: Effect, { labels }: FlowFacts, { value: { found }, guard: { of } }: Guarded): boolean {
  if (of === 'target' && effect === 'write') return false;
  if (found === 'untrusted') return true;
  if (found !== 'nowhere' || of === 'target') return false;
  return effect !== 'read' || labels.some(({ name }) => privateLabels.has(name));
}

/** A number of a record that goes out to where the organisation does not know. */
function leavingRecord({ values }: FlowFacts, guarded: readonly Guarded[]): CarriedValue | undefined {
  const places = guarded.filter(({ guard }) => guard.of === 'destination');
  const isKnown = places.length > 0 && places.every(({ value: { found } }) => found === 'directory' || found === 'trusted');
  if (isKnown) return undefined;
  return values.find(
    ({ pointer, kind, found, labels }) =>
      recordKinds.has(kind) &&
      (found === 'trusted' || found === 'untrusted') &&
      labels.some((label) => privateLabels.has(label)) &&
      !guarded.some(({ value }) => value.pointer === pointer),
  );
}

/** The line of the flow in a decision: nothing where no facts were gathered or no rule speaks. */
export function flowLine({
  operation,
  flow,
}: {
  readonly operation: { readonly effect: Effect };
  readonly flow?: FlowFacts | undefined;
}): Limit | undefined {
  const said = flow === undefined ? undefined : flowRules(operation.effect, flow);
  return said === undefined ? undefined : { reason: said.reason, link: 'flow', policies: [`${flowRulePrefix}${said.rule}`] };
}
