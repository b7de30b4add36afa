import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'vitest';

const source = (file: string): string => readFileSync(new URL(`../src/${file}`, import.meta.url), 'utf8');

/** Every file of the package that one leads to, with what each imports from elsewhere. Types are left out: they run nowhere. */
function reached(file: string, seen = new Map<string, readonly string[]>()): ReadonlyMap<string, readonly string[]> {
  if (seen.has(file)) return seen;
  const imports = [...source(file).matchAll(/^(?:import|export) (?!type\b)[^;]*?from '([^']+)';/gm)].map(([, from = '']) => from);
  seen.set(
    file,
    imports.filter((from) => !from.startsWith('./')),
  );
  for (const from of imports.filter((one) => one.startsWith('./'))) reached(from.slice(2), seen);
  return seen;
}

const edge = [
  'held-identity.ts',
  'mcp-auth.ts',
  'mcp-sign-in.ts',
  'mcp-assertion.ts',
  'id-jag.ts',
  'enrol.ts',
  'sign.ts',
  'client.ts',
];

test.each(edge)('%s runs where there is WebCrypto and fetch and nothing of Node', (file) => {
  const files = reached(file);
  assert.deepEqual(
    [...files].flatMap(([name, from]) => from.filter((one) => one.startsWith('node:')).map((one) => `${name}: ${one}`)),
    [],
  );
  for (const name of files.keys()) assert.doesNotMatch(source(name), /\bprocess\.[a-z]|\bBuffer\.|\brequire\(/, name);
});

test('the part that keeps keys in files is what needs Node', () => {
  assert.ok([...reached('surety.ts').values()].flat().some((from) => from.startsWith('node:')));
});
