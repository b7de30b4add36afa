import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { test } from 'vitest';
import { readTextPattern } from './text-pattern.ts';

const matches = (pattern: string, text: string) => readTextPattern(pattern)?.matches(text);

test('a pattern matches a text as a whole, with or without anchors', () => {
  for (const pattern of ['[A-Z]{2}\\d+', '^[A-Z]{2}\\d+$']) {
    assert.equal(matches(pattern, 'DE42'), true);
    assert.equal(matches(pattern, 'xDE42'), false);
    assert.equal(matches(pattern, 'DE42\n'), false);
    assert.equal(matches(pattern, ''), false);
  }
  assert.equal(matches('a|b', 'ab'), false);
  assert.equal(matches('(?:EU|UK)-(\\w|-){3,5}', 'EU-A-1'), true);
  assert.equal(matches('[^@\\s]+@example\\.com', 'a@evil.com@example.com'), false);
  assert.equal(matches('.', '😀'), true);
});

test('what could be slow or is not known here is refused', () => {
  for (const pattern of [
    '(?=a)',
    '(?<n>a)',
    '(?!a)',
    '\\1',
    'a**',
    'a+?',
    'a{2}{3}',
    '(a',
    'a)',
    '[a',
    '[]',
    '[z-a]',
    '\\bx',
    'a{5,2}',
    '{2}',
    '*',
    'a^b',
    '(((a{99}){99}){99})',
  ])
    assert.equal(readTextPattern(pattern), undefined, pattern);
});

test('what takes a backtracking engine for ever takes no time', () => {
  const started = performance.now();
  assert.equal(matches('(a+)+b', 'a'.repeat(9_000)), false);
  assert.equal(matches('(a|aa|a*)*c', 'a'.repeat(9_000)), false);
  assert.ok(performance.now() - started < 1_000);
  assert.equal(matches('a*', 'a'.repeat(10_001)), false);
});

test('for every pattern of the subset and text it answers as the engine of the language does', () => {
  const atom = fc.constantFrom('a', 'b', '.', '\\d', '[ab]', '[^a]', '[a-c1]', '\\.', 'c');
  const pattern = fc.letrec<{ node: string; atom: string }>((tie) => ({
    atom,
    node: fc.oneof(
      { maxDepth: 4 },
      tie('atom'),
      fc.tuple(tie('node'), tie('node')).map(([one, two]) => one + two),
      fc.tuple(tie('node'), tie('node')).map(([one, two]) => `(${one}|${two})`),
      fc.tuple(tie('node'), fc.constantFrom('*', '+', '?', '{2}', '{1,}', '{0,3}')).map(([one, count]) => `(?:${one})${count}`),
    ),
  })).node;
  const text = fc.array(fc.constantFrom('a', 'b', 'c', '1', '.'), { maxLength: 7 }).map((all) => all.join(''));
  fc.assert(
    fc.property(pattern, text, (one, words) => {
      const read = readTextPattern(one);
      if (read !== undefined) assert.equal(read.matches(words), new RegExp(`^(?:${one})$`, 'us').test(words), `${one} ${words}`);
    }),
    { numRuns: 3_000 },
  );
});
