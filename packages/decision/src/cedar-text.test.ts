import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { cedarJoin, cedarLiteral, holdsUnseen, matchesPattern } from './cedar-text.ts';

describe('a literal', () => {
  const cases: readonly [string, string][] = [
    ['plain é 😀', '"plain é 😀"'],
    ['"', '"\\""'],
    ['\\', '"\\\\"'],
    ['a*b', '"a*b"'],
    ['\n\0', '"\\u{a}\\u{0}"'],
    ['a\u202eb\u200b', '"a\\u{202e}b\\u{200b}"'],
    ['\u00a0\u2028', '"\\u{a0}\\u{2028}"'],
  ];
  for (const [text, literal] of cases) test(`of ${JSON.stringify(text)}`, () => assert.equal(cedarLiteral(text), literal));
  test('what cannot be seen is known', () => {
    assert.ok(holdsUnseen('a\u202eb') && holdsUnseen('\n') && holdsUnseen('\u00a0'));
    assert.ok(!holdsUnseen('a b é 😀'));
  });
});

describe('a pattern', () => {
  const cases: readonly [string, string, boolean][] = [
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['a*', 'a', true],
    ['*a*', 'bab', true],
    ['a*c', 'abcbc', true],
    ['a*c', 'abcb', false],
    ['**', 'x', true],
    ['get_*', 'get_', true],
    ['get_*', 'get', false],
    ['.', 'a', false],
    ['\\*', '\\x', true],
    ['\\*', '*', false],
    ['*😀', 'x😀', true],
    ['*\ude00', '😀', false],
  ];
  for (const [pattern, text, fits] of cases)
    test(`${pattern} and ${JSON.stringify(text)}`, () => assert.equal(matchesPattern(pattern, text), fits));
  test('takes no longer than it must on a hostile one', () => {
    const start = performance.now();
    assert.equal(matchesPattern(`${'*a'.repeat(240)}*b`, 'a'.repeat(20_000)), false);
    assert.ok(performance.now() - start < 1000);
  });
});

test('joined expressions are all there, in order, and no deeper than their number asks', () => {
  for (const count of [0, 1, 2, 8, 9, 64, 65, 200, 1000]) {
    const names = Array.from({ length: count }, (_, at) => `x${at}`);
    const joined = cedarJoin(names, '||');
    assert.deepEqual(joined.match(/x\d+/g) ?? [], names);
    const depths = [...joined].reduce<number[]>(
      (all, sign) => [...all, (all.at(-1) ?? 0) + (sign === '(' ? 1 : sign === ')' ? -1 : 0)],
      [],
    );
    assert.ok(Math.max(0, ...depths) <= 3 && (depths.at(-1) ?? 0) === 0);
    for (const side of joined.split(/[()]/)) assert.ok((side.match(/\|\|/g) ?? []).length < 9);
  }
});
