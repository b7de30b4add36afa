import assert from 'node:assert/strict';
import { afterAll } from 'vitest';
import { type Feed, openFeed } from '#change/feed';
import { type Db, openDb, openPool } from '#kernel/db';
import { newId } from '#kernel/id';
import { silentLog } from '#kernel/log';
import { houseUrl } from '#testing/house';

/** One node over a house of its own. `upToDate` waits until it has applied everything that was announced. */
export async function openNode(): Promise<{ db: Db; feed: Feed; upToDate(): Promise<void> }> {
  const url = await houseUrl();
  const db = openDb(openPool(url, 10));
  const feed = await openFeed({
    url,
    db,
    pollMs: 50,
    leaseMs: 2000,
    point: { id: newId('point'), name: 'test' },
    log: silentLog,
  });
  afterAll(() => feed.close());
  return {
    db,
    feed,
    async upToDate() {
      const { rows } = await db.query<{ newest: number }>('select coalesce(max(number), 0) as newest from change');
      assert.ok(await feed.waitFor(rows[0]?.newest ?? 0, 5000));
    },
  };
}
