import assert from 'node:assert/strict';
import { test } from 'vitest';
import { checkPlaces } from './check-places.ts';
import { tree } from './testing/tree.ts';

test.each([
  'see /v1/work/1',
  'a/root/b',
  '/rooted',
  './home/x is relative',
  'origin/main',
  '~/work/',
  'https://a.example/Users/x',
])('passes: %s', (text) => {
  assert.deepEqual(checkPlaces(tree({ 'a.md': text })), []);
});

test.each([
  ['/wo', 'rk/main/packages'],
  ['cd /ro', 'ot/x'],
  ['`/ho', 'me/jane/x`'],
  ['"/Us', 'ers/jane/x"'],
  ['C:\\Us', 'ers\\jane'],
  ['https://registry.npm', 'js.org/zod'],
  ['ARTI', 'FACTORY'],
  ['<<<<', '<<< HEAD'],
])('refuses: %s%s', (...halves) => {
  const found = checkPlaces(tree({ 'docs/a.md': `one\n${halves.join('')}\n` }));
  assert.equal(found.length, 1, found.join('\n'));
  assert.match(found[0] ?? '', /^docs\/a\.md:2: /);
});

test('a test may make up the folder of a person, but not tell the one it was written in', () => {
  assert.deepEqual(checkPlaces(tree({ 'a.test.ts': `const home = '${'/ho'}me/jane';` })), []);
  assert.equal(checkPlaces(tree({ 'a.test.ts': `const here = '${'/wo'}rk/x';` })).length, 1);
});

test('a file that is not text is left alone', () => {
  assert.deepEqual(checkPlaces(tree({ 'a.png': `\0${'/ro'}ot/x` })), []);
});
