import type { Conditions } from '@surety/contract/constraint';
import { defaultHops } from '@surety/contract/delegation';
import type { Limit } from '@surety/contract/limits';
import type { MandateDocument, Permission } from '@surety/contract/mandate';
import { cedarLiteral } from './cedar-text.ts';
import { constraintWords } from './constraint-words.ts';
import { limitSentence } from './counts/limit-words.ts';
import { autonomyWords, dateWords, hoursWords, permissionWords } from './mandate-sentences.ts';

/**
 * What a mandate changes against the one before it, a sentence each: what is new, what is gone, what is otherwise. Made from the
 * two documents alone. Empty when they say the same; without one before, everything is new and nothing need be said.
 */
export function diffMandates(before: MandateDocument | undefined, after: MandateDocument): string[] {
  if (before === undefined) return [];
  return [
    ...diffHead(before, after),
    ...diffPermissions(before.permissions, after.permissions, 'May call'),
    ...diffLimits(before.limits ?? [], after.limits ?? []),
    ...diffPassing(before, after),
    ...diffPermissions(before.passOn ?? [], after.passOn ?? [], 'May pass on to other agents, and not do itself, to call'),
  ];
}

function diffHead(before: MandateDocument, after: MandateDocument): string[] {
  const said: string[] = [];
  if (before.purpose !== after.purpose)
    said.push(`Changed: the purpose is ${cedarLiteral(after.purpose)}, and was ${cedarLiteral(before.purpose)}.`);
  if (before.autonomy !== after.autonomy)
    said.push(
      `Changed: ${lower(autonomyWords[after.autonomy])} (${after.autonomy}); before, ${lower(autonomyWords[before.autonomy])} (${before.autonomy}).`,
    );
  const [then, now] = [Date.parse(before.expiresAt), Date.parse(after.expiresAt)];
  if (then !== now)
    said.push(
      `Changed: ends ${now > then ? 'later' : 'earlier'}, ${dateWords(after.expiresAt)} and not ${dateWords(before.expiresAt)}.`,
    );
  return said;
}

/** Permissions of the same operations are the same permission; one that stands there twice is paired in order. */
function diffPermissions(before: readonly Permission[], after: readonly Permission[], verb: string): string[] {
  const { pairs, gone, fresh } = pair(before, after, ({ system, actions }) => JSON.stringify([system, [...actions].toSorted()]));
  return [
    ...pairs.flatMap(([one, other]) => diffPermission(one, other)),
    ...fresh.map((one) => `New: ${permissionWords(one, verb)}.`),
    ...gone.map((one) => `Gone: ${permissionWords(one, verb)}.`),
  ];
}

function diffPermission(before: Permission, after: Permission): string[] {
  const name = permissionWords({ system: after.system, actions: after.actions }, 'Changed:');
  const [then, now] = [before, after].map(rulesOf) as [readonly string[], readonly string[]];
  const added = now.filter((one) => !then.includes(one));
  const dropped = then.filter((one) => !now.includes(one));
  if (added.length === 0 && dropped.length === 0) return [];
  const parts = [
    ...(added.length === 0 ? [] : [`now ${joinAnd(added)}`]),
    ...(dropped.length === 0 ? [] : [`no longer ${joinAnd(dropped)}`]),
  ];
  return [`${name}: ${parts.join('; ')}.`];
}

/** Every rule of a permission by itself, in words. */
function rulesOf({ where = {}, hours, hold = [], obligations }: Permission): readonly string[] {
  return [
    ...conditionWords(where).map((words) => `only when ${words}`),
    ...(hours === undefined ? [] : [`only ${hoursWords(hours)}`]),
    ...hold.map(({ when = {}, because }) => {
      const words = conditionWords(when);
      return `asks a person ${words.length === 0 ? 'every time' : `when ${joinAnd(words)}`} (${cedarLiteral(because)})`;
    }),
    ...(obligations === undefined ? [] : [`obliged to ${JSON.stringify(obligations)}`]),
  ];
}

function conditionWords(conditions: Conditions): readonly string[] {
  return Object.entries(conditions).flatMap(([pointer, constraint]) => constraintWords(pointer, constraint));
}

/** Limits that count the same for the same are the same limit. */
function diffLimits(before: readonly Limit[], after: readonly Limit[]): string[] {
  const { pairs, gone, fresh } = pair(before, after, ({ of, measure, per, within = 'task' }) =>
    JSON.stringify([of, measure, per, within]),
  );
  return [
    ...pairs.flatMap(([one, other]) => {
      const [then, now] = [limitSentence(one), limitSentence(other)];
      return then === now ? [] : [`Changed: ${now} Before: ${then}`];
    }),
    ...fresh.map((one) => `New limit: ${limitSentence(one)}`),
    ...gone.map((one) => `Gone, a limit: ${limitSentence(one)}`),
  ];
}

function diffPassing(before: MandateDocument, after: MandateDocument): string[] {
  const said: string[] = [];
  const [then, now] = [before.passesOn ?? true, after.passesOn ?? true];
  if (then !== now) said.push(`Changed: may ${now ? '' : 'not '}pass on what it may do itself.`);
  const [deep, deeper] = [before.maxDepth ?? defaultHops, after.maxDepth ?? defaultHops];
  if (deep !== deeper) said.push(`Changed: at most ${deeper} hops may hang below it, and not ${deep}.`);
  return said;
}

type Pairs<One> = {
  readonly pairs: readonly (readonly [One, One])[];
  readonly gone: readonly One[];
  readonly fresh: readonly One[];
};

function pair<One>(before: readonly One[], after: readonly One[], keyOf: (one: One) => string): Pairs<One> {
  const left = Map.groupBy(before, keyOf);
  const pairs: (readonly [One, One])[] = [];
  const fresh: One[] = [];
  for (const one of after) {
    const other = left.get(keyOf(one))?.shift();
    if (other === undefined) fresh.push(one);
    else pairs.push([other, one]);
  }
  return { pairs, fresh, gone: [...left.values()].flat() };
}

function joinAnd(words: readonly string[]): string {
  return words.length <= 1 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

function lower(words: string): string {
  return words.charAt(0).toLowerCase() + words.slice(1);
}
