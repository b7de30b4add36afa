import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { buildPackages, findUnresolved, layOut } from './build.ts';
import { runCommand } from './run-command.ts';
import { tree } from './testing/tree.ts';

const packageOf = (name: string, more: object): string => {
  const exports = { './*': { '@surety/source': './src/*.ts', types: './dist/*.d.ts', default: './dist/*.js' } };
  return JSON.stringify({ name, type: 'module', files: ['dist'], exports, ...more });
};

const compilerOptions = {
  strict: true,
  target: 'esnext',
  module: 'nodenext',
  noEmit: true,
  types: [],
  customConditions: ['@surety/source'],
  allowImportingTsExtensions: true,
  erasableSyntaxOnly: true,
  verbatimModuleSyntax: true,
};

const house: Readonly<Record<string, string>> = {
  'tsconfig.json': JSON.stringify({ compilerOptions }),
  'packages/contract/package.json': packageOf('@surety/contract', {}),
  'packages/contract/src/word.ts': `import type { Word } from './type.ts';\nexport const word: Word = 'yes';\n`,
  'packages/contract/src/type.ts': `export type Word = 'yes';\n`,
  'packages/contract/src/word.test.ts': `export const untold = 1;\n`,
  'packages/contract/src/rules.txt': 'a rule',
  'packages/server/package.json': packageOf('@surety/server', {
    files: ['dist', 'migrations'],
    imports: { '#*': { '@surety/source': './src/*.ts', default: './dist/*.js' } },
  }),
  'packages/server/migrations/0001_a.sql': 'select 1;',
  'packages/server/src/kernel/a.ts': `export const a = 'a';\n`,
  'packages/server/src/main.ts': [
    `import { a } from '#kernel/a';`,
    `declare const URL: new (path: string, base: string) => { href: string };`,
    `declare global { interface ImportMeta { url: string } }`,
    `export const worker = new URL('./kernel/a.ts', import.meta.url).href;`,
    `export const all = a;`,
  ].join('\n'),
  'packages/surety/package.json': packageOf('surety', { files: ['bin', 'dist'], bin: { surety: './bin/surety.js' } }),
  'packages/surety/bin/surety.js': `import { all, worker } from '@surety/server/main';\nimport { word } from '@surety/contract/word';\nawait import(worker);\nconsole.log(all, word);\n`,
  'packages/surety/src/a.ts': `import { word } from '@surety/contract/word';\nexport const a = word;\n`,
};

/** The tree with its packages linked as workspaces are. */
function linked(files: Readonly<Record<string, string>>): string {
  const root = tree(files);
  mkdirSync(join(root, 'node_modules/@surety'), { recursive: true });
  for (const folder of ['contract', 'server']) {
    symlinkSync(join(root, 'packages', folder), join(root, 'node_modules/@surety', folder), 'junction');
  }
  return root;
}

test('what is built runs as npm would install it, and tests are not in it', async () => {
  const root = linked(house);
  await buildPackages(root);
  const layout = join(root, 'layout');
  assert.deepEqual(layOut(root, layout), []);
  assert.deepEqual(findUnresolved(root, layout), []);
  const run = await runCommand(process.execPath, [join(layout, 'node_modules/surety/bin/surety.js')], layout);
  assert.deepEqual(run, { code: 0, output: 'a yes\n' });
  assert.ok(existsSync(join(layout, 'node_modules/@surety/server/migrations/0001_a.sql')));
  assert.equal(readFileSync(join(layout, 'node_modules/@surety/contract/dist/rules.txt'), 'utf8'), 'a rule');
  assert.ok(!existsSync(join(layout, 'node_modules/@surety/contract/dist/word.test.js')));
  assert.ok(!existsSync(join(layout, 'node_modules/@surety/contract/src')));
});

test('a module that would not be installed, and a file that is promised and missing, are found', async () => {
  const root = linked({ ...house, 'packages/surety/bin/surety.js': `import '@surety/server/gone';\nimport '../lib/gone.js';\n` });
  await buildPackages(root);
  const layout = join(root, 'layout');
  assert.deepEqual(layOut(root, layout), []);
  assert.deepEqual(findUnresolved(root, layout), [
    `surety/bin/surety.js names '@surety/server/gone', which would not be installed`,
    `surety/bin/surety.js names '../lib/gone.js', which would not be installed`,
  ]);
  const without = tree({ 'packages/server/package.json': house['packages/server/package.json']! });
  assert.match(layOut(without, join(without, 'layout'))[1] ?? '', /migrations is promised by package\.json and is not there/);
});

test('a type error stops the build', async () => {
  const root = linked({ ...house, 'packages/contract/src/type.ts': `export type Word = 'no';\n` });
  await assert.rejects(buildPackages(root), /word\.ts.*TS2322/);
});

test('others come along when a package says that it needs them, in the version that it got, and not otherwise', () => {
  const other = (name: string, version: string): Record<string, string> => ({
    [`node_modules/${name}/package.json`]: JSON.stringify({ name, version }),
  });
  const root = tree({
    ...other('declared', '1.0.0'),
    ...other('forgotten', '1.0.0'),
    'packages/cli/node_modules/declared/package.json': JSON.stringify({ version: '2.0.0' }),
    'packages/cli/package.json': JSON.stringify({ name: '@surety/cli', dependencies: { declared: '2.0.0' } }),
    'packages/sdk/package.json': JSON.stringify({
      name: '@surety/sdk',
      dependencies: { declared: '1.0.0', '@surety/cli': '0.1.0' },
      optionalDependencies: { elsewhere: '1.0.0' },
    }),
  });
  const layout = join(root, 'layout');
  assert.deepEqual(layOut(root, layout), []);
  const versionAt = (place: string): unknown =>
    (JSON.parse(readFileSync(join(layout, 'node_modules', place, 'package.json'), 'utf8')) as { version?: unknown }).version;
  assert.equal(versionAt('declared'), '1.0.0');
  assert.equal(versionAt('@surety/cli/node_modules/declared'), '2.0.0');
  assert.ok(!existsSync(join(layout, 'node_modules/forgotten')));
});
