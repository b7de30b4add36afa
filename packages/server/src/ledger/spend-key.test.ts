import assert from 'node:assert/strict';
import { afterAll, test } from 'vitest';
import { systemClock } from '#kernel/clock';
import { openDb } from '#kernel/db';
import { silentLog } from '#kernel/log';
import { houseUrl } from '#testing/house';
import { openCommitQueue } from './commit-queue.ts';
import { openOwnPool } from './own-pool.ts';
import { pruneSpentProofs } from './prune-spent-proofs.ts';
import { spendKey } from './spend-key.ts';

const url = await houseUrl();
const pool = openOwnPool(url, 2);
const queue = openCommitQueue({ url, clock: systemClock, log: silentLog });

afterAll(async () => {
  await queue.close();
  await pool.end();
});

test('no two lists of parts have the same key', () => {
  const key = (...parts: string[]) => spendKey('dpop', ...parts).toString('hex');
  const keys = [
    key('ab', 'c'),
    key('a', 'bc'),
    key('abc'),
    key('abc', ''),
    key('', 'abc'),
    spendKey('assertion', 'abc').toString('hex'),
  ];
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(spendKey('dpop', 'x'.repeat(100_000)).length, 32);
});

test('what was spent is forgotten when it could not be accepted any more, and not before', async () => {
  const old = { key: spendKey('dpop', 'old'), expiresAtMs: Date.now() - 1000 };
  const young = { key: spendKey('dpop', 'young'), expiresAtMs: Date.now() + 60_000 };
  await queue.commit({ entries: [], spends: [old, young] });
  assert.equal(await pruneSpentProofs(openDb(pool), new Date()), 1);
  assert.equal(await queue.commit({ entries: [], spends: [young] }), 'replayed');
  assert.equal(await queue.commit({ entries: [], spends: [old] }), 'committed');
});
