import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'vitest';
import { openFeed } from '#change/feed';
import { systemClock } from '#kernel/clock';
import { openDb } from '#kernel/db';
import { newId } from '#kernel/id';
import { silentLog } from '#kernel/log';
import { migrate } from '#store/migrate';
import { openThrowawayPostgres } from '#testing/throwaway-postgres';
import { checkLog } from './check-log.ts';
import { openCommitQueue } from './commit-queue.ts';
import { openOwnPool } from './own-pool.ts';
import { entryOf } from './record.ts';
import { openSequencer } from './sequence.ts';
import { aSigner } from './testing/a-signer.ts';
import { anEvent } from './testing/log-house.ts';

test('when PostgreSQL crashes under load, nothing that was acknowledged is lost, and everything goes on by itself', async () => {
  const postgres = await openThrowawayPostgres();
  await migrate(postgres.url);
  const pool = openOwnPool(postgres.url, 3);
  const db = openDb(pool);
  const signer = aSigner();
  const { url } = postgres;
  const feed = await openFeed({ url, db, pollMs: 200, leaseMs: 2000, point: { id: newId('point'), name: 'n' }, log: silentLog });
  const sequencer = await openSequencer({ url, signer, log: silentLog });
  const queue = openCommitQueue({ url, clock: systemClock, log: silentLog, onCommitted: () => sequencer.wake() });
  const acknowledged: string[] = [];
  let refused = 0;
  let isOver = false;
  const producers = Array.from({ length: 16 }, async () => {
    while (!isOver) {
      const entry = entryOf(anEvent(), systemClock);
      await queue.commit({ entries: [entry], spends: [] }).then(
        () => acknowledged.push(entry.id),
        () => sleep(20).then(() => refused++),
      );
    }
  });
  for (let crash = 0; crash < 3; crash++) {
    await sleep(300);
    const { rows } = await db.query<{ pid: number }>(
      `select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
    );
    process.kill(rows[crash % rows.length]!.pid, 'SIGKILL'); // the others are thrown out, and the log of the database is replayed
    const before = acknowledged.length;
    for (let tries = 0; acknowledged.length < before + 50 && tries < 500; tries++) await sleep(20);
    assert.ok(acknowledged.length >= before + 50, 'commits go on');
  }
  isOver = true;
  await Promise.all(producers);
  assert.ok(refused > 0);
  await queue.close();
  await sequencer.close();
  for (let tries = 0; !feed.isFresh() && tries < 200; tries++) await sleep(20);
  assert.ok(feed.isFresh());
  const { rows } = await db.query<{ id: string }>('select id from sequenced');
  const sequenced = new Set(rows.map(({ id }) => id));
  assert.deepEqual(
    acknowledged.filter((id) => !sequenced.has(id)),
    [],
  );
  const result = await checkLog(db, signer.vkey);
  assert.ok(result.ok, result.ok ? '' : result.says);
  await feed.close();
  await pool.end();
  await postgres.close();
});
