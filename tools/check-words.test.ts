import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { checkWords, readRefusedWords } from './check-words.ts';
import { houseRoot } from './run-command.ts';
import { tree } from './testing/tree.ts';

const glossary = readFileSync(join(houseRoot, 'docs/glossary.md'), 'utf8');
const complaints = (files: Readonly<Record<string, string>>): string[] =>
  checkWords(tree({ 'docs/glossary.md': glossary, ...files }));

/** Holds when the file draws exactly one complaint, and it says this. */
function draws(path: string, text: string, says: RegExp): void {
  const found = complaints({ [path]: text });
  assert.equal(found.length, 1, `${path}: ${found.join('\n')}`);
  assert.match(found[0] ?? '', says);
}

test('names of the glossary pass', () => {
  const files = {
    'packages/server/src/registry/suspend-agent.ts':
      'export function suspendAgent(): void {}\nexport type Human = { user: string };\n',
    'packages/server/migrations/0001_human.sql':
      '-- 0001 human: who answers.\ncreate table human (\n  id  text primary key\n);\n',
  };
  assert.deepEqual(complaints(files), []);
});

test('the glossary refuses whole words anywhere and some only at the end of a name', () => {
  const words = readRefusedWords(glossary);
  assert.ok(words.some(({ word, onlyLast, instead }) => word === 'user' && !onlyLast && instead === 'human'));
  assert.ok(words.some(({ word, onlyLast }) => word === 'data' && onlyLast));
});

test('a refused word is found in files, folders, types, functions, tables and columns', () => {
  draws('packages/server/src/registry/user-store.ts', '', /'user' in the name user-store: .*human/);
  draws('packages/server/src/utils/clock.ts', '', /'utils' in the name utils/);
  draws('packages/a/src/a.ts', 'export type AgentInfo = string;', /a\.ts:1: 'info' in the name AgentInfo/);
  draws('packages/a/src/a.ts', '\nfunction findEmployee() {}', /a\.ts:2: 'employee'/);
  draws('packages/a/src/a.ts', 'const callHelper = () => 1;', /'helper'/);
  draws('packages/server/migrations/0001_a.sql', 'create table users (\n  id  text\n);', /0001_a\.sql:1: 'users'/);
  draws('packages/server/migrations/0001_a.sql', 'create table human (\n  sponsor  text\n);', /0001_a\.sql:2: 'sponsor'/);
  draws('packages/server/migrations/0002_a.sql', 'alter table human add column tenant text;', /'tenant'/);
});

test('a word that only ends like a refused one, or stands before the end, passes', () => {
  const source =
    'export type Metadata = string;\nexport const dataFolder = 1;\nexport type Informed = string;\nexport type Robot = 1;';
  assert.deepEqual(complaints({ 'packages/a/src/a.ts': source }), []);
});

test('comments in code and in migrations are judged', () => {
  draws('packages/a/src/a.ts', `// ${'TO'}DO: later`, /a\.ts:1: in a comment: finish it/);
  draws('packages/server/migrations/0001_a.sql', '-- 0001 a: see ABC-123', /ticket code/);
});

test('a program speaks the words of people at the terminal, and only there', () => {
  draws('packages/cli/src/a.ts', `export const line = 'the owner of the agent';`, /answers for/);
  draws('packages/surety/src/a.ts', 'export const line = `agent ${name} was terminated by hand`;', /stopped/);
  const spared = {
    'packages/cli/src/a.ts': `export const member = 'owner';`,
    'packages/server/src/a.ts': `export const line = 'the owner is';`,
  };
  assert.deepEqual(complaints(spared), []);
});
