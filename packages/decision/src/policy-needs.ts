import { vocabularies } from './cedar-schema.ts';
import { type HoursWindow, readHoursKey } from './hours.ts';
import type { PolicyFindings } from './read-est.ts';

/** What a set can look at, and so what must be computed, converted and handed to the engine for it. */
export type PolicyNeeds = {
  /** JSON pointers that `context.facts.at` must answer. */
  readonly pointers: readonly string[];
  /** Patterns that texts at these pointers are held to; none, when left out. */
  readonly patterns?: readonly PatternNeed[];
  /** Windows that `context.facts.hours` must answer. */
  readonly hours: readonly HoursWindow[];
  /** Members of the arguments; `all` where the arguments are looked at as a whole. */
  readonly args: 'all' | readonly string[];
  /** Plain members of `context.facts`. */
  readonly facts: readonly string[];
  /** Entities of which more than the name is asked. */
  readonly entities: readonly EntityNeed[];
};

/** One pattern that the text at a pointer may be asked about: its side `matches` names those that it matches. */
export type PatternNeed = { readonly pointer: string; readonly pattern: string; readonly matches: (text: string) => boolean };

export type EntityNeed = 'principal' | 'action' | 'resource';

export const noNeeds: PolicyNeeds = { pointers: [], hours: [], args: [], facts: [], entities: [] };

/**
 * Cedar has no computed access to a record or entity: every attribute that a policy can reach stands in its text. So the
 * names found there are all that it can ask for, whatever way it goes to them; what no set names can be left out unseen.
 */
export function needsOf(findings: PolicyFindings): PolicyNeeds {
  const { paths, looseNames } = findings;
  const names = [...new Set([...paths.flat(), ...looseNames])];
  return {
    pointers: names.filter((name) => name.startsWith('/')),
    hours: names.flatMap((name) => readHoursKey(name) ?? []),
    args: argumentsOf(findings),
    facts: vocabularies.call.facts.filter((fact) => names.includes(fact)),
    entities: entitiesOf(findings),
  };
}

function argumentsOf({ paths, looseNames, wholeContext }: PolicyFindings): PolicyNeeds['args'] {
  const underArgs = paths.filter(([root, first]) => root === 'context' && first === 'args');
  const isWhole = wholeContext || looseNames.includes('args') || underArgs.some((path) => path.length === 2);
  return isWhole ? 'all' : [...new Set(underArgs.map((path) => path[2] ?? ''))];
}

function entitiesOf({ paths, looseNames, entities, wholeAction }: PolicyFindings): readonly EntityNeed[] {
  const opens = (root: string): boolean =>
    looseNames.length > 0 || paths.some(([first, attribute]) => first === root && attribute !== undefined);
  const groups = vocabularies.call.actionGroups;
  const needs: Readonly<Record<EntityNeed, boolean>> = {
    principal: opens('principal'),
    action: wholeAction || entities.some(({ type, id }) => type === 'Action' && groups.includes(id)),
    resource: opens('resource'),
  };
  return (['principal', 'action', 'resource'] as const).filter((one) => needs[one]);
}

export function mergeNeeds(all: readonly PolicyNeeds[]): PolicyNeeds {
  return orNoNeeds({
    pointers: [...new Set(all.flatMap(({ pointers }) => pointers))],
    ...withPatterns(all.flatMap(({ patterns = [] }) => patterns)),
    hours: [...new Map(all.flatMap(({ hours }) => hours).map((window) => [window.key, window])).values()],
    args: all.some(({ args }) => args === 'all') ? 'all' : [...new Set(all.flatMap(({ args }) => (args === 'all' ? [] : args)))],
    facts: [...new Set(all.flatMap(({ facts }) => facts))],
    entities: [...new Set(all.flatMap(({ entities }) => entities))],
  });
}

/** The member `patterns`, where there is one, each once. */
export function withPatterns(patterns: readonly PatternNeed[]): Pick<PolicyNeeds, 'patterns'> {
  if (patterns.length === 0) return {};
  return { patterns: [...new Map(patterns.map((one) => [`${one.pointer} ${one.pattern}`, one])).values()] };
}

/** {@link noNeeds} itself for needs that are empty: sets that look at nothing are asked the same question, made once. */
export function orNoNeeds(needs: PolicyNeeds): PolicyNeeds {
  const { pointers, hours, args, facts, entities } = needs;
  const isEmpty = [pointers, hours, args, facts, entities].every(({ length }) => length === 0);
  return isEmpty ? noNeeds : needs;
}
