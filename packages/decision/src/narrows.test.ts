import assert from 'node:assert/strict';
import { AgentAction } from '@surety/contract/delegation';
import type { ExactRecord } from '@surety/contract/exact-json';
import type { Constraint } from '@surety/contract/constraint';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { args } from '../test/a-call.ts';
import { valueAt } from './argument-facts.ts';
import { checkMember } from './check-constraint.ts';
import { membersOf } from './constraint-policy.ts';
import { matchesPattern } from './cedar-text.ts';
import { firstWider } from './narrows.ts';

const base = 'https://gateway.example/mcp/payments';

function action(identifier: string, constraints?: object, location = base): AgentAction {
  return AgentAction.parse({
    type: 'agent_action',
    locations: [location],
    actions: ['invoke'],
    identifier,
    ...(constraints === undefined ? {} : { constraints }),
  });
}

const isWithin = (outer: AgentAction, inner: AgentAction) => firstWider([outer], [inner]) === undefined;

describe('what looks narrower and is not (TX-17)', () => {
  const cases: readonly [string, AgentAction, AgentAction][] = [
    ['a star below a name', action('read'), action('read*')],
    ['another star', action('read*'), action('*d')],
    ['another case', action('read'), action('Read')],
    ['another normal form', action('caf\u00e9'), action('cafe\u0301')],
    ['another system', action('read'), action('read', undefined, 'https://gateway.example/mcp/crm')],
    ['the same system written otherwise', action('read'), action('read', undefined, `${base}/../payments`)],
    ['no limit where there is one', action('pay', { '/amount': { max: 10 } }), action('pay')],
    ['a limit on another argument', action('pay', { '/amount': { max: 10 } }), action('pay', { '/Amount': { max: 1 } })],
    ['a limit on what is inside', action('pay', { '/a': { max: 10 } }), action('pay', { '/a/b': { max: 1 } })],
    [
      'a limit that is larger as a number and smaller as text',
      action('pay', { '/a': { max: '9' } }),
      action('pay', { '/a': { max: '10' } }),
    ],
    ['the limit itself where it is left out', action('pay', { '/a': { under: 10 } }), action('pay', { '/a': { max: 10 } })],
    ['a number in place of a text', action('pay', { '/a': { in: ['1'] } }), action('pay', { '/a': { in: [1] } })],
    ['one more of a list', action('pay', { '/a': { in: ['x'] } }), action('pay', { '/a': { in: ['x', 'y'] } })],
    [
      'a fixed value in place of one that is not given',
      action('pay', { '/a': { absent: true } }),
      action('pay', { '/a': { in: ['x'] } }),
    ],
    ['a member of the prototype', action('pay', { '/constructor': { max: 10 } }), action('pay')],
  ];
  for (const [what, outer, inner] of cases) {
    test(`${what}`, () => assert.ok(!isWithin(outer, inner)));
  }

  test('and what is narrower, is; two halves above are not one whole', () => {
    assert.ok(isWithin(action('*'), action('read*')));
    assert.ok(isWithin(action('pay', { '/a': { under: '10.0001' } }), action('pay', { '/a': { max: '10', over: 0 } })));
    assert.ok(isWithin(action('pay', { '/a': { like: 'x*' } }), action('pay', { '/a': { in: ['xa'] }, '/b': { max: 1 } })));
    assert.equal(firstWider([], []), undefined);
    const inner = action('pay', { '/a': { in: ['x', 'y'] } });
    assert.equal(firstWider([action('pay', { '/a': { in: ['x'] } }), action('pay', { '/a': { in: ['y'] } })], [inner]), inner);
  });
});

const number = fc.constantFrom('1', '-1', '9', '10', '10', '10', '10.0001', '922337203685477');
const text = fc.constantFrom('a', 'ab', 'b', 'a*', '*', '*b', 'a*b', '1', 'ä');
const listed = fc.array(fc.oneof(fc.constantFrom('a', 'ab', 'b'), fc.constantFrom(1, 10, 9007199254740991), fc.boolean()), {
  minLength: 1,
  maxLength: 3,
});
const member: fc.Arbitrary<Constraint> = fc.oneof(
  ...(['max', 'under', 'min', 'over', 'max', 'under'] as const).map((name) => number.map((one): Constraint => ({ [name]: one }))),
  fc
    .oneof(
      listed,
      listed.map((one) => one.slice(0, 1)),
    )
    .map((one): Constraint => ({ in: one })),
  ...(['like', 'notLike'] as const).map((name) => text.map((one): Constraint => ({ [name]: one }))),
  ...(['maxLength', 'maxItems'] as const).map((name) => fc.constantFrom(0, 1, 2).map((one): Constraint => ({ [name]: one }))),
  fc.array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 3 }).map((one): Constraint => ({ eachIn: one })),
  fc.constant<Constraint>({ absent: true }),
);
const constraint = fc.tuple(member, fc.option(member)).map(([one, other]): Constraint => ({ ...other, ...one }));
const detail = fc
  .record({
    identifier: fc.constantFrom('read', 'read', 'read', '*', 'read*', 're*d'),
    at: fc.option(constraint, { nil: undefined }),
  })
  .map(({ identifier, at }) => action(identifier, at === undefined ? undefined : { '/v': at }));
/** What is above, and what is to be below: often the same with one more condition, or one more of a list. */
const pair = fc
  .tuple(fc.array(detail, { maxLength: 2 }), fc.array(detail, { minLength: 1, maxLength: 2 }), member, fc.boolean())
  .map(([outer, inner, more, isRelated]): [AgentAction[], AgentAction[]] => {
    const [first] = outer;
    if (!isRelated || first === undefined) return [outer, inner];
    const at = first.constraints?.['/v'] ?? {};
    const both = at.in === undefined || more.in === undefined ? {} : { in: [...at.in, ...more.in] };
    return [outer, [action(first.identifier, { '/v': { ...at, ...more, ...both } })]];
  });

/** Every call that is looked at: one of a few operations, with one of a few values. */
const numbers = '1 -1 9 10 10.00 1e1 10.0001 0.00001 922337203685477 9007199254740991 9007199254740993 -0'.split(' ');
const others = 'null "a" "ab" "b" "1" "ä" true false [] ["a"] ["a","b","ab"] ["a","a","a"] [1] {"x":1}'.split(' ');
const written = [...numbers, ...others].map((one) => args(`{"v":${one}}`));
const calls = ['read', 'reload', 'red'].flatMap((operation) => [args('{}'), ...written].map((call) => ({ operation, call })));

/** Whether a detail permits a call, one condition at a time. That Cedar says the same, constraints.property.test.ts holds. */
function permits({ identifier, constraints = {} }: AgentAction, operation: string, call: ExactRecord): boolean {
  return (
    matchesPattern(identifier, operation) &&
    Object.entries(constraints).every(([pointer, one]) =>
      membersOf(one).every((member) => checkMember(valueAt(call, pointer), one, member, 'must')),
    )
  );
}

type Compare = (outer: readonly AgentAction[], inner: readonly AgentAction[]) => AgentAction | undefined;

/** Details above and below of which a call escapes: what was taken for narrower permits it, and what is above does not. */
function findEscape(compare: Compare): { readonly escape: unknown; readonly accepted: number } {
  let accepted = 0;
  const details = fc.check(
    fc.property(pair, ([outer, inner]) => {
      if (compare(outer, inner) !== undefined) return;
      accepted++;
      const by = (list: readonly AgentAction[], { operation, call }: (typeof calls)[number]) =>
        list.some((one) => permits(one, operation, call));
      assert.ok(!calls.some((call) => by(inner, call) && !by(outer, call)));
    }),
    { numRuns: 4_000, seed: 20_261, endOnFailure: true },
  );
  return { escape: details.counterexample, accepted };
}

test('no call gets through what was taken for narrower and not through what is above', () => {
  const { escape, accepted } = findEscape(firstWider);
  assert.equal(escape, null, JSON.stringify(escape));
  assert.ok(accepted > 300, `it takes enough for narrower: ${accepted}`);
});

describe('a comparison with a mistake planted in it is found out', () => {
  const loosened =
    (loosen: (inner: AgentAction) => AgentAction): Compare =>
    (outer, inner) =>
      firstWider(outer, inner.map(loosen));
  const mistakes: Readonly<Record<string, Compare>> = {
    'a limit and just below it are the same': loosened((inner) => {
      const at = inner.constraints?.['/v'];
      return at?.max === undefined ? inner : action(inner.identifier, { '/v': { ...at, under: at.max } });
    }),
    'the first of a list stands for all': loosened((inner) => {
      const at = inner.constraints?.['/v'];
      return at?.in === undefined ? inner : action(inner.identifier, { '/v': { ...at, in: at.in.slice(0, 1) } });
    }),
    'stars are names': (outer, inner) =>
      firstWider(
        outer,
        inner.map((one) => action(one.identifier.replaceAll('*', ''), one.constraints)),
      ),
    'an empty list above stands for everything': (outer, inner) => (outer.length === 0 ? undefined : firstWider(outer, inner)),
  };
  for (const [mistake, compare] of Object.entries(mistakes))
    test(`${mistake}`, () => assert.notEqual(findEscape(compare).escape, null));
});
