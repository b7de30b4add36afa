import assert from 'node:assert/strict';
import { test } from 'vitest';
import { checkSizes } from './check-sizes.ts';
import { tree } from './testing/tree.ts';

const lines = (count: number): string => 'export {};\n'.repeat(count);

test('a file of 400 lines passes, of 401 does not, and a table of data may', () => {
  const root = tree({ 'a.ts': lines(400), 'b.ts': lines(401), 'table.ts': lines(500), 'notes.md': lines(900) });
  assert.deepEqual(checkSizes(root, { 'table.ts': 'one row a line' }), [
    'b.ts: 401 lines; 400 at most: it holds more than one thing',
  ]);
});

test('a table that is not there any more is named', () => {
  assert.deepEqual(checkSizes(tree({}), { 'gone.ts': 'one row a line' }), ['tools/data-tables.ts: there is no gone.ts']);
});

test('a wide comment is found on its line; a wide string is not a comment', () => {
  const wide = 'x'.repeat(131);
  const root = tree({ 'a.ts': `/**\n * ${wide}\n */\nexport const a = '${wide}';\n` });
  assert.deepEqual(checkSizes(root, {}), ['a.ts:2: a comment wider than 130 columns']);
});
