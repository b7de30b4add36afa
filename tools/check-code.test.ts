import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'vitest';
import { checkFormat, checkLint, checkTypes } from './check-code.ts';
import { houseRoot } from './run-command.ts';
import { tree } from './testing/tree.ts';

const tsconfig = JSON.stringify({
  compilerOptions: { strict: true, module: 'nodenext', target: 'esnext', types: [], noEmit: true },
  include: ['.'],
});

const withFile = (path: string, text: string): string => tree({ 'tsconfig.json': tsconfig, [path]: text });

test('a type error is named with its place', async () => {
  assert.deepEqual(await checkTypes(withFile('a.ts', 'export const a: number = 1;\n')), []);
  assert.match((await checkTypes(withFile('a.ts', `export const a: number = 'x';\n`)))[0] ?? '', /^a\.ts\(1,14\): error TS2322/);
});

test('a tool that cannot even start its work does not pass', async () => {
  assert.notDeepEqual(await checkTypes(tree({ 'tsconfig.json': '{ "include": ["nothing"] }' })), []);
});

test.each([
  ['any', 'export function one(a: any): number {\n  return a;\n}\n', /no-explicit-any/],
  ['a promise nobody waits for', 'async function one(): Promise<void> {}\none();\n', /no-floating-promises/],
  ['a default export', 'export default 1;\n', /no-default-export/],
  ['a non-null assertion', 'export const one = (a?: string): string => a!;\n', /no-non-null-assertion/],
  ['console', `console.log('a');\n`, /no-console/],
  ['guessable randomness', 'export const one = Math.random();\n', /no-restricted-properties/],
  ['a function of 71 lines', `export function one(): void {\n${'  one();\n'.repeat(69)}}\n`, /max-lines-per-function/],
  [
    'five parameters',
    'export function one(a: 1, b: 1, c: 1, d: 1, e: 1): unknown {\n  return [a, b, c, d, e];\n}\n',
    /max-params/,
  ],
  [
    'a case that is forgotten',
    `export function one(a: 'x' | 'y'): void {\n  switch (a) {\n    case 'x':\n  }\n}\n`,
    /exhaustive/,
  ],
])('lint refuses %s in product code', async (_, source, says) => {
  const found = await checkLint(withFile('packages/a/src/a.ts', source));
  assert.equal(found.length, 1, found.join('\n'));
  assert.match(found[0] ?? '', says);
});

test('lint passes sound code, and a test may assert what is not null', async () => {
  assert.deepEqual(await checkLint(withFile('packages/a/src/a.ts', 'export const one = (a: string): string => a;\n')), []);
  assert.deepEqual(await checkLint(withFile('packages/a/src/a.test.ts', 'export const one = (a?: string): string => a!;\n')), []);
});

test('a file that the formatter would change is named; a table of data and a manifest are left as they are', async () => {
  const config = `export { default } from '${join(houseRoot, 'oxfmt.config.ts')}';\n`;
  const table = { 'packages/contract/src/faults.ts': 'export const a = {b: 1}', 'package.json': '{"type":"module"}' };
  assert.deepEqual(await checkFormat(tree({ 'oxfmt.config.ts': config, 'a.ts': `export const a = 'x';\n`, ...table })), []);
  const found = await checkFormat(tree({ 'oxfmt.config.ts': config, 'a.ts': 'export const a = "x"\n', ...table }));
  assert.deepEqual(found, ['a.ts: npm run format would change it']);
});
