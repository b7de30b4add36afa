import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { test } from 'vitest';
import { openDb, openPool } from '#kernel/db';
import { house, houseUrl } from '#testing/house';
import { announce } from './announce.ts';
import type { ChangeWhat } from './change.ts';
import { listStartingChanges } from './change-store.ts';
import { pruneChanges } from './prune-changes.ts';

const db = await house();
const numbers = async (on = db) =>
  (await on.query<{ number: number; key: string }>('select number, key from change order by number')).rows;

test('changes are numbered from one, in the order given, and the last number comes back', async () => {
  const last = await db.transaction((tx) =>
    announce(tx, [
      { what: 'changed', key: 'a' },
      { what: 'cutoff', key: 'b' },
    ]),
  );
  const next = await db.transaction((tx) => announce(tx, [{ what: 'stopped', key: 'c' }]));
  assert.deepEqual([last, next], [2, 3]);
  assert.deepEqual(await numbers(), [
    { number: 1, key: 'a' },
    { number: 2, key: 'b' },
    { number: 3, key: 'c' },
  ]);
});

test('announcing nothing names the newest number', async () => {
  const before = (await numbers()).length;
  assert.equal(await db.transaction((tx) => announce(tx, [])), before);
  assert.equal((await numbers()).length, before);
});

test('a transaction that fails leaves no change and no gap', async () => {
  const before = (await numbers()).length;
  await assert.rejects(
    db.transaction(async (tx) => {
      await announce(tx, [{ what: 'cutoff', key: 'lost' }]);
      throw new Error('no');
    }),
  );
  assert.equal(await db.transaction((tx) => announce(tx, [{ what: 'cutoff', key: 'kept' }])), before + 1);
});

test('twenty writers at once: numbers are dense and a reader that polls by number misses none', async () => {
  const url = await houseUrl();
  const writers = openPool(url, 20);
  const busy = openDb(writers);
  const seen: number[] = [];
  let writing = true;
  const reader = (async () => {
    for (let last = 0; ;) {
      const isLast = !writing;
      const { rows } = await busy.query<{ number: number }>('select number from change where number > $1 order by number', [
        last,
      ]);
      seen.push(...rows.map(({ number }) => number));
      last = seen.at(-1) ?? 0;
      if (isLast) return;
    }
  })();
  const plans = fc.sample(
    fc.array(fc.record({ size: fc.integer({ min: 0, max: 4 }), pauseMs: fc.integer({ min: 0, max: 4 }), fails: fc.boolean() }), {
      minLength: 8,
      maxLength: 8,
    }),
    19,
  );
  let written = 0;
  await Promise.all(
    plans.map(async (plan) => {
      for (const { size, pauseMs, fails } of plan) {
        const changes = Array.from({ length: size }, (_, at) => ({ what: 'changed' as ChangeWhat, key: `k${at}` }));
        await busy
          .transaction(async (tx) => {
            await tx.query('select pg_sleep($1)', [pauseMs / 1000]);
            await announce(tx, changes);
            await tx.query('select pg_sleep($1)', [pauseMs / 2000]);
            if (fails) throw new Error('rolled back');
            written += size;
          })
          .catch((thrown: unknown) => assert.equal((thrown as Error).message, 'rolled back'));
      }
    }),
  );
  writing = false;
  await reader;
  assert.ok(written > 50);
  assert.deepEqual(
    seen,
    Array.from({ length: written }, (_, at) => at + 1),
  );
  await writers.end();
});

test('a starting node reads the newest change and the young cut-offs, and no more', async () => {
  const own = await house();
  await own.query(`insert into change (number, at, what, key) values
    (1, clock_timestamp() - interval '11 minutes', 'cutoff', 'expired'),
    (2, clock_timestamp() - interval '9 minutes', 'cutoff', 'young'),
    (3, clock_timestamp() - interval '1 minute', 'changed', 'fact'),
    (4, clock_timestamp(), 'answered', 'newest')`);
  assert.deepEqual(
    (await listStartingChanges(own, 600_000)).map(({ number }) => number),
    [2, 4],
  );
});

test('pruning removes what is older than a day, never the newest, so numbers never begin again', async () => {
  const own = await house();
  await own.query(`insert into change (number, at, what, key)
    select n, clock_timestamp() - interval '2 days', 'cutoff', 'old' from generate_series(1, 5) n`);
  assert.equal(await pruneChanges(own), 4);
  assert.deepEqual(
    (await numbers(own)).map(({ number }) => number),
    [5],
  );
  assert.equal(await own.transaction((tx) => announce(tx, [{ what: 'changed', key: 'x' }])), 6);
});
