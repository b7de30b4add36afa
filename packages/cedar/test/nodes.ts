import type { Random } from './random.ts';
import { entityTypes, type Json, type Type, types } from './random-value.ts';

type Expression = { readonly [node: string]: Json };

/** A node of Cedar's expressions: the types its operands may have, the type it gives, and how it is written. */
export type Node = {
  readonly name: string;
  readonly takes: readonly (readonly Type[])[];
  readonly gives: Type | 'any';
  readonly write: (operands: readonly Expression[], random: Random) => Expression;
};

const anything: readonly Type[] = types;
const ordered: readonly Type[] = ['long', 'datetime', 'duration'];
const opened: readonly Type[] = ['record', 'entity'];

function unary(name: string, takes: readonly Type[], gives: Type): Node {
  return { name, takes: [takes], gives, write: ([arg]) => ({ [name]: { arg: arg! } }) };
}

function binary(name: string, [left, right]: readonly [readonly Type[], readonly Type[]], gives: Type | 'any'): Node {
  return { name, takes: [left, right], gives, write: ([one, other]) => ({ [name]: { left: one!, right: other! } }) };
}

function call(name: string, takes: readonly Type[], gives: Type): Node {
  return {
    name,
    takes: takes.map((type) => [type]),
    gives,
    // Now and then with one operand too few or too many.
    write: (operands, random) => ({
      [name]: random.chance(98) ? operands : random.pick([operands.slice(1), [...operands, { Value: 1n }]]),
    }),
  };
}

/** A pattern of few characters, or made of the ends of a text, which may overlap there: near enough to match now and then. */
function randomPattern(random: Random, operand: Expression): Json {
  const text = operand['Value'];
  if (typeof text === 'string' && text.isWellFormed() && random.chance(70)) return patternFor(random, [...text]);
  return random.many(random.below(6), () =>
    random.chance(40) ? 'Wildcard' : { Literal: random.pick(['a', 'b', 'ab', '*', 'é', '😀', 'c']) },
  );
}

function patternFor(random: Random, letters: readonly string[]): Json {
  const cut = (): Json => {
    const from = random.below(letters.length + 1);
    return { Literal: letters.slice(from, from + 1 + random.below(3)).join('') };
  };
  const head: Json = { Literal: letters.slice(0, random.chance(50) ? 0 : random.below(letters.length + 1)).join('') };
  const tail: Json = { Literal: letters.slice(random.below(letters.length + 1)).join('') };
  const between = random.many(random.below(4), () => [cut(), 'Wildcard']).flat();
  return random.chance(15) ? [head, ...between] : [head, 'Wildcard', ...between, ...(random.chance(80) ? [tail] : [])];
}

const attributes = [...types, 'absent', '__proto__'];

export const nodes: readonly Node[] = [
  unary('!', ['bool'], 'bool'),
  unary('neg', ['long'], 'long'),
  unary('isEmpty', ['set'], 'bool'),
  binary('==', [anything, anything], 'bool'),
  binary('!=', [anything, anything], 'bool'),
  ...['<', '<=', '>', '>='].map((name) => binary(name, [ordered, ordered], 'bool')),
  ...['+', '-', '*'].map((name) => binary(name, [['long'], ['long']], 'long')),
  binary('&&', [['bool'], ['bool']], 'bool'),
  binary('||', [['bool'], ['bool']], 'bool'),
  binary('in', [['entity'], ['entity', 'set']], 'bool'),
  binary('contains', [['set'], anything], 'bool'),
  binary('containsAll', [['set'], ['set']], 'bool'),
  binary('containsAny', [['set'], ['set']], 'bool'),
  binary('getTag', [['entity'], ['string']], 'any'),
  binary('hasTag', [['entity'], ['string']], 'bool'),
  {
    name: '.',
    takes: [opened],
    gives: 'any',
    write: ([left], random) => ({ '.': { left: left!, attr: random.pick(attributes) } }),
  },
  {
    name: 'has',
    takes: [opened],
    gives: 'bool',
    write: ([left], random) => ({ has: { left: left!, attr: random.pick(attributes) } }),
  },
  {
    name: 'has nested',
    takes: [opened],
    gives: 'bool',
    write: ([left], random) => ({
      has: { left: left!, attr: random.many(1 + random.below(3), () => random.pick(['record', 'entity', ...attributes])) },
    }),
  },
  {
    name: 'like',
    takes: [['string']],
    gives: 'bool',
    write: ([left], random) => ({ like: { left: left!, pattern: randomPattern(random, left!) } }),
  },
  {
    name: 'is',
    takes: [['entity']],
    gives: 'bool',
    write: ([left], random) => ({ is: { left: left!, entity_type: random.pick(entityTypes) } }),
  },
  {
    name: 'is in',
    takes: [['entity'], ['entity', 'set']],
    gives: 'bool',
    write: ([left, group], random) => ({ is: { left: left!, entity_type: random.pick(entityTypes), in: group! } }),
  },
  {
    name: 'if-then-else',
    takes: [['bool'], anything, anything],
    gives: 'any',
    // oxlint-disable-next-line unicorn/no-thenable -- it is the name in Cedar's form, and nothing waits for it
    write: ([condition, then, otherwise]) => ({ 'if-then-else': { if: condition!, then: then!, else: otherwise! } }),
  },
  { name: 'Set', takes: [anything, anything], gives: 'set', write: (members) => ({ Set: members }) },
  {
    name: 'Record',
    takes: [anything, anything],
    gives: 'record',
    write: ([one, other]) => ({ Record: { long: one!, string: other! } }),
  },
  ...(['ip', 'decimal', 'datetime', 'duration'] as const).map((name) => call(name, ['string'], name === 'ip' ? 'ipaddr' : name)),
  ...['lessThan', 'lessThanOrEqual', 'greaterThan', 'greaterThanOrEqual'].map((name) =>
    call(name, ['decimal', 'decimal'], 'bool'),
  ),
  ...['isIpv4', 'isIpv6', 'isLoopback', 'isMulticast'].map((name) => call(name, ['ipaddr'], 'bool')),
  call('isInRange', ['ipaddr', 'ipaddr'], 'bool'),
  call('offset', ['datetime', 'duration'], 'datetime'),
  call('durationSince', ['datetime', 'datetime'], 'duration'),
  call('toDate', ['datetime'], 'datetime'),
  call('toTime', ['datetime'], 'duration'),
  ...['toMilliseconds', 'toSeconds', 'toMinutes', 'toHours', 'toDays'].map((name) => call(name, ['duration'], 'long')),
];
