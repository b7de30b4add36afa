import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { query } from '@surety/server/testing/database';
import { emptyUrl, houseUrl } from '@surety/server/testing/house';
import { test } from 'vitest';
import { describeRows, generateRows } from './gen-rows.ts';

const rows = new URL('../packages/server/src/store/rows.ts', import.meta.url);

test('the row types in the store are those of the migrations', async () => {
  assert.equal(await describeRows(await houseUrl()), readFileSync(rows, 'utf8'), 'run `npm run gen`');
});

test('generating needs nothing but the migrations, and comes out the same', async () => {
  assert.equal(await generateRows(), await describeRows(await houseUrl()));
});

test('each type becomes what the driver hands over; what may be null says so', async () => {
  const url = await emptyUrl();
  await query(
    url,
    'create table two_words (a text not null, b text, c text[] not null, d jsonb, e timestamptz not null, f bytea, g bigint not null, h boolean not null)',
  );
  const text = await describeRows(url);
  assert.ok(
    text.endsWith(
      'export type TwoWordsRow = {\n  a: string;\n  b: string | null;\n  c: string[];\n  d: unknown;\n  e: Date;\n  f: Buffer | null;\n  g: number;\n  h: boolean;\n};\n',
    ),
    text,
  );
  await query(url, 'alter table two_words add column i interval');
  await assert.rejects(describeRows(url), /two_words\.i is of type interval/);
});
