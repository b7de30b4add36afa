import assert from 'node:assert/strict';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { test } from 'vitest';
import { readConfig } from '#config/config';
import { silentLog } from '#kernel/log';
import { databaseUrl, query } from '#testing/database';
import { emptyUrl } from '#testing/house';
import { untilEmpty } from '#testing/store-child';
import { temporaryFolder } from '#testing/temporary-folder';
import { openStore } from './open-store.ts';

test('the embedded store opens migrated, keeps what was written, and opens again warm', async () => {
  const data = temporaryFolder();
  const config = readConfig({ SURETY_DATA_DIR: data });
  const cold = performance.now();
  const first = await openStore(config, silentLog);
  const coldMs = Math.round(performance.now() - cold);
  assert.equal(first.embedded, true);
  assert.match(first.serverVersion, /^18/);
  await first.db.query('insert into house_secret (name, sealed, made_at) values ($1, $2, now())', ['kept', Buffer.from('x')]);
  await first.close();
  assert.ok((await untilEmpty(join(data, 'postgres'))) < 1000);

  const warm = performance.now();
  const second = await openStore(config, silentLog, 3);
  const warmMs = Math.round(performance.now() - warm);
  try {
    const { rows } = await second.db.query<{ name: string }>('select name from house_secret');
    assert.deepEqual(rows, [{ name: 'kept' }]);
    assert.equal(second.pool.options.max, 3);
    assert.ok(warmMs < coldMs, `cold ${coldMs} ms, warm ${warmMs} ms`);
    console.log(`store: first start ${coldMs} ms, warm start ${warmMs} ms`);
  } finally {
    await second.close();
  }
});

test('an external database is migrated and used where it is', async () => {
  const url = await emptyUrl();
  const store = await openStore(readConfig({ SURETY_DATABASE_URL: url, SURETY_DATA_DIR: '/nowhere' }), silentLog);
  try {
    assert.equal(store.embedded, false);
    assert.equal(store.url, url);
    const { rows } = await store.db.transaction((tx) => tx.query<{ agents: number }>('select count(*) as agents from agent'));
    assert.deepEqual(rows, [{ agents: 0 }]);
  } finally {
    await store.close();
  }
});

test('a wrong password or database is refused without a word of the password', async () => {
  const url = await emptyUrl();
  const wrong = new URL(url);
  wrong.password = 'canary-Pa55w0rd';
  for (const [address, words] of [
    [wrong.href, /^Password:/],
    [databaseUrl(url, 'not_there'), /^Database:/],
  ] as const) {
    const thrown = await openStore(readConfig({ SURETY_DATABASE_URL: address }), silentLog).catch((caught: unknown) => caught);
    assert.ok(thrown instanceof Error);
    assert.match(thrown.message, words);
    assert.ok(!inspect(thrown, { depth: 10 }).includes(new URL(address).password));
  }
});

test('closing does not wait for ever for a query that never returns', async () => {
  const url = await emptyUrl();
  const store = await openStore(readConfig({ SURETY_DATABASE_URL: url }), silentLog, 1);
  const stuck = assert.rejects(store.db.query('select pg_sleep(60)'), { code: '57P01' });
  const since = performance.now();
  await store.close();
  assert.ok(performance.now() - since < 4000);
  await query(
    url,
    "select pg_terminate_backend(pid) from pg_stat_activity where query = 'select pg_sleep(60)' and datname = current_database()",
  );
  await stuck;
});
