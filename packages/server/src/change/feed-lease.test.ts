import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'vitest';
import { openDb, openPool } from '#kernel/db';
import { newId } from '#kernel/id';
import { silentLog } from '#kernel/log';
import { migrate } from '#store/migrate';
import { openThrowawayPostgres } from '#testing/throwaway-postgres';
import { announce } from './announce.ts';
import { openFeed } from './feed.ts';

const leaseMs = 800;

/** A PostgreSQL that hangs without closing a connection: its processes are stopped, then continued. */
async function openHangingPostgres() {
  const postgres = await openThrowawayPostgres();
  await migrate(postgres.url);
  const pool = openPool(postgres.url, 5);
  const db = openDb(pool);
  const {
    rows: [server],
  } = await db.query<{ pid: number }>(`select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int as pid`);
  const backends = async () =>
    (await db.query<{ pid: number }>(`select pid from pg_stat_activity where application_name = 'surety change feed'`)).rows;
  return {
    url: postgres.url,
    db,
    hang: async () => {
      const pids = [server!.pid, ...(await backends()).map(({ pid }) => pid)];
      for (const pid of pids) process.kill(pid, 'SIGSTOP');
      return () => pids.forEach((pid) => process.kill(pid, 'SIGCONT'));
    },
    close: async () => {
      await pool.end();
      await postgres.close();
    },
  };
}

test('a database that hangs closes the node when the lease is over, and the next answered poll opens it', async () => {
  const postgres = await openHangingPostgres();
  const feed = await openFeed({
    url: postgres.url,
    db: postgres.db,
    pollMs: 100,
    leaseMs,
    point: { id: newId('point'), name: 'n' },
    log: silentLog,
  });
  try {
    assert.ok(feed.isFresh());
    const goOn = await postgres.hang();
    const hungAt = performance.now();
    let freshAt = hungAt;
    for (let now = hungAt; feed.isFresh() && now - hungAt < 3000; now = performance.now()) {
      freshAt = now;
      await sleep(5);
    }
    assert.ok(freshAt - hungAt <= leaseMs, `it was open ${(freshAt - hungAt).toFixed(0)} ms after the last answer`);
    await sleep(600);
    assert.equal(feed.isFresh(), false);
    goOn();
    const number = await postgres.db.transaction((tx) => announce(tx, [{ what: 'cutoff', key: 'agt_meanwhile' }]));
    assert.ok(await feed.waitFor(number, 5000));
    for (let tries = 0; !feed.isFresh() && tries < 100; tries++) await sleep(20);
    assert.ok(feed.isFresh());
    assert.ok(feed.cutoffOf('agt_meanwhile') !== undefined);
  } finally {
    await feed.close();
    await postgres.close();
  }
});

test('the lease counts from when a poll was sent, not from when its answer came', async () => {
  const postgres = await openHangingPostgres();
  const point = { id: newId<string>('point'), name: 'n' };
  const feed = await openFeed({ url: postgres.url, db: postgres.db, pollMs: 3000, leaseMs: 2000, point, log: silentLog });
  try {
    const openedAt = performance.now();
    const since = () => performance.now() - openedAt;
    await sleep(2400);
    const goOn = await postgres.hang(); // the second poll is sent at about 3 s, into the silence
    while (since() < 4500) await sleep(20);
    assert.equal(feed.isFresh(), false);
    goOn(); // its answer comes now and is good until 5 s; the third poll is sent at about 6 s
    while (!feed.isFresh() && since() < 4950) await sleep(5);
    assert.ok(feed.isFresh(), 'the late answer is an answer');
    while (feed.isFresh() && since() < 5900) await sleep(5);
    assert.ok(since() < 5600, `it stayed open until ${since().toFixed(0)} ms`);
  } finally {
    await feed.close();
    await postgres.close();
  }
});

test('a database that is gone closes the node', async () => {
  const postgres = await openHangingPostgres();
  const feed = await openFeed({
    url: postgres.url,
    db: postgres.db,
    pollMs: 100,
    leaseMs,
    point: { id: newId('point'), name: 'n' },
    log: silentLog,
  });
  const start = performance.now();
  await postgres.close();
  while (feed.isFresh() && performance.now() - start < 5000) await sleep(10);
  assert.equal(feed.isFresh(), false);
  await feed.close();
});
