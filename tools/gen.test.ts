import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { exitCodes } from '@surety/cli/cli-error';
import { commandTable } from '@surety/cli/command-table';
import { faults } from '@surety/contract/faults';
import { findStale, writeStale } from './gen.ts';
import { commandsPage, exitCodesPage } from './gen-command-pages.ts';
import { configurationPage, eventsPage, faultsPage } from './gen-reference.ts';
import { tree } from './testing/tree.ts';

const files = [
  { path: 'same.md', make: () => 'same' },
  { path: 'edited.md', make: async () => 'computed' },
  { path: 'docs/missing.md', make: () => 'new' },
];

test('a file that was edited by hand or is missing is stale; writing it makes it current', async () => {
  const root = tree({ 'same.md': 'same', 'edited.md': 'by hand' });
  const stale = await findStale(root, files);
  assert.deepEqual([...stale.keys()], ['edited.md', 'docs/missing.md']);
  writeStale(root, stale);
  assert.equal(readFileSync(join(root, 'docs/missing.md'), 'utf8'), 'new');
  assert.equal((await findStale(root, files)).size, 0);
});

test('a fault that cannot be computed is not taken for a current file', async () => {
  const broken = [
    {
      path: 'same.md',
      make: () => {
        throw new Error('no database');
      },
    },
  ];
  await assert.rejects(findStale(tree({ 'same.md': 'same' }), broken), /no database/);
});

test('the page of faults holds each fault once', () => {
  const page = faultsPage();
  for (const code of Object.keys(faults)) assert.equal(page.split(`| \`${code}\` |`).length, 2, code);
});

test('the page of events names the members of each type', () => {
  assert.match(eventsPage(), /\| `call\.failed` \| `problem` `milliseconds` `releasedDigest` `payload` \|/);
});

test('a setting is shown with default and range, and nothing in it becomes markup', () => {
  const page = configurationPage({
    properties: {
      SURETY_A: { description: 'http://<host>|x', default: 7, type: 'integer', minimum: 0, maximum: 9 },
      SURETY_B: { enum: ['x', 'y'] },
    },
  });
  assert.match(page, /\| `SURETY_A` \| http:\/\/&lt;host>\\\|x \| `7` \| 0 to 9 \|/);
  assert.match(page, /\| `SURETY_B` \| {2}\| {2}\| `x`, `y` \|/);
});

test('the page of exit codes holds each code once, with what it means', () => {
  const page = exitCodesPage();
  for (const [code, meaning] of Object.values(exitCodes))
    assert.equal(page.split(`| \`${code}\` | ${meaning} |`).length, 2, meaning);
});

test('the page of commands holds every command with its options, and nothing in it becomes markup', async () => {
  const page = await commandsPage(commandTable);
  for (const { name, load } of commandTable)
    for (const { usage, options = [] } of [await load()].flat()) {
      const at = page.indexOf(`* \`surety ${name}${usage === '' ? '' : ` ${usage}`}\``);
      assert.ok(at > 0, `${name} ${usage}`);
      for (const { flags } of options) assert.ok(page.indexOf(`  * \`${flags}\``, at) > at, `${name} ${usage} ${flags}`);
    }
  const root = { name: 'x', summary: 's', group: 'Other' as const };
  const made = await commandsPage([
    { ...root, load: async () => ({ usage: '', summary: 'a <b> *c*', run: async () => undefined }) },
  ]);
  assert.match(made, /\* `surety x`: A &lt;b> \\\*c\\\*/);
});
