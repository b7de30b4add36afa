import assert from 'node:assert/strict';
import { test } from 'vitest';
import { checkImports, importGraph } from './check-imports.ts';
import { tree } from './testing/tree.ts';

const manifest = (name: string, more: object = {}): string => JSON.stringify({ name: `@surety/${name}`, ...more });
const sources = { imports: { '#*': { '@surety/source': './src/*.ts' } } };

/** A small house in which every rule is kept; a test breaks one. */
const sound: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({ devDependencies: { vitest: '1.0.0' } }),
  'packages/contract/package.json': manifest('contract', { dependencies: { zod: '1.0.0' } }),
  'packages/contract/src/agent.ts': `import * as z from 'zod';\nexport const Agent = z.string();`,
  'packages/proof/package.json': manifest('proof'),
  'packages/proof/src/jwk.ts': `import { Agent } from '@surety/contract/agent';\nexport const jwk = Agent;`,
  'packages/server/package.json': manifest('server', sources),
  'packages/server/src/kernel/clock.ts': `export const now = 1;`,
  'packages/server/src/ledger/record.ts': `import { now } from '#kernel/clock';\nexport const at = now;`,
  'packages/server/src/ledger/record.test.ts': `import { test } from 'vitest';\nimport { at } from './record.ts';\ntest('', () => at);`,
  'packages/server/src/registry/agent.ts': `export type Agent = string;`,
  'packages/server/src/policy/role.ts': `export type Role = string;`,
  'packages/server/src/testing/house.ts': `export const house = 1;`,
};

const complaints = (changed: Readonly<Record<string, string>>): string[] => checkImports(tree({ ...sound, ...changed }));

/** The one complaint that a change brings. */
function theComplaint(changed: Readonly<Record<string, string>>): string {
  const found = complaints(changed);
  assert.equal(found.length, 1, found.join('\n'));
  return found[0] ?? '';
}

test('a house that keeps the rules passes', () => {
  assert.deepEqual(complaints({}), []);
});

test('a room may not import from above, nor from beside, not even a type', () => {
  const up = `import type { Agent } from '#registry/agent';\nexport type Of = Agent;`;
  assert.match(theComplaint({ 'packages/server/src/ledger/up.ts': up }), /'ledger' may not import 'registry', which lies above/);
  assert.match(
    theComplaint({ 'packages/server/src/policy/beside.ts': up }),
    /'policy' may not import 'registry', which lies beside/,
  );
});

test('a room is reached by its name, not by a relative path', () => {
  const relative = `import { now } from '../kernel/clock.ts';\nexport const at = now;`;
  assert.match(theComplaint({ 'packages/server/src/ledger/relative.ts': relative }), /write '#kernel\/…'/);
});

test('a room without a floor is refused', () => {
  const lost = `import { now } from '#kernel/clock';\nexport const at = now;`;
  assert.match(theComplaint({ 'packages/server/src/attic/lost.ts': lost }), /'attic' has no floor/);
});

test('a package imports only the packages it may, by their names', () => {
  const upward = `import { now } from '@surety/server/kernel/clock';\nexport const at = now;`;
  assert.match(theComplaint({ 'packages/proof/src/upward.ts': upward }), /proof may not import server/);
  const inside = `import { Agent } from '../../contract/src/agent.ts';\nexport const a = Agent;`;
  assert.match(theComplaint({ 'packages/proof/src/inside.ts': inside }), /write the name of the package/);
});

test('a package without a line in floors.ts is refused', () => {
  assert.match(theComplaint({ 'packages/extra/package.json': manifest('extra') }), /no line in tools\/floors.ts/);
});

test('somebody else’s package must be in package.json; the root’s serve tests only', () => {
  assert.match(theComplaint({ 'packages/proof/src/jose.ts': `import 'jose';` }), /'jose' is not a dependency in packages\/proof/);
  assert.match(theComplaint({ 'packages/proof/src/vitest.ts': `import 'vitest';` }), /'vitest' is not a dependency/);
});

test('product code may not import what only tests use', () => {
  const testing = `import { house } from '#testing/house';\nexport const a = house;`;
  assert.match(theComplaint({ 'packages/server/src/ledger/cheat.ts': testing }), /may not import the test file/);
});

test('a cycle is found, through types too', () => {
  const found = complaints({
    'packages/proof/src/a.ts': `import type { B } from './b.ts';\nexport type A = B;`,
    'packages/proof/src/b.ts': `import type { A } from './a.ts';\nexport type B = A;`,
  });
  assert.deepEqual(found, ['import cycle: packages/proof/src/a.ts → packages/proof/src/b.ts → packages/proof/src/a.ts']);
});

test('index files, star exports, bare Node modules and files that are not there are refused', () => {
  assert.match(theComplaint({ 'packages/proof/src/index.ts': '' }), /no index files/);
  assert.match(theComplaint({ 'packages/proof/src/star.ts': `export * from './jwk.ts';` }), /no 'export \*'/);
  assert.match(theComplaint({ 'packages/proof/src/bare.ts': `import 'fs';` }), /write 'node:fs'/);
  assert.match(theComplaint({ 'packages/proof/src/gone.ts': `import './gone-too.ts';` }), /is not there/);
});

test('the graph names the files behind packages, rooms and relative paths', () => {
  const graph = importGraph(tree(sound));
  assert.deepEqual(graph.get('packages/proof/src/jwk.ts'), ['packages/contract/src/agent.ts']);
  assert.deepEqual(graph.get('packages/server/src/ledger/record.ts'), ['packages/server/src/kernel/clock.ts']);
  assert.deepEqual(graph.get('packages/server/src/ledger/record.test.ts'), ['packages/server/src/ledger/record.ts']);
});
