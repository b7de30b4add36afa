import assert from 'node:assert/strict';
import type { Kept } from '@surety/transparency/verify-log';
import { systemClock } from '#kernel/clock';
import { type Db, openDb, openPool } from '#kernel/db';
import { newId } from '#kernel/id';
import { checkLog } from '#ledger/check-log';
import { exportLog, getHead, readEntries } from '#ledger/export-log';
import { beginLog, integrate } from '#ledger/integrate';
import { type AuditEvent, record } from '#ledger/record';
import { houseUrl } from '#testing/house';
import { aSigner } from './a-signer.ts';

export const anEvent = (reason = 'a test', about = newId<string>('agent')): AuditEvent => ({
  type: 'agent.moved',
  actor: 'hum_x',
  about,
  data: { from: 'active', to: 'suspended', reason },
});

/** A house with a ledger, and what tests do with one. */
export async function openLogHouse() {
  const url = await houseUrl();
  const pool = openPool(url, 10);
  const db = openDb(pool);
  const signer = aSigner();
  const house = { db, signer, limit: 1000 };
  return {
    url,
    pool,
    db,
    signer,
    house,
    begin: () => beginLog(house),
    /** Records events and sequences all that is there. */
    grow: async (count: number) => {
      await recordMany(db, count);
      for (;;) if ((await integrate(house)).taken < house.limit) return;
    },
    record: (count: number) => recordMany(db, count),
    /** The invariants of the whole log; throws with what is wrong. */
    check: async (kept?: Kept) => {
      const result = await checkLog(db, signer.vkey, kept);
      assert.ok(result.ok, result.ok ? '' : `${result.reason}: ${result.says}`);
      const { rows } = await db.query<{ count: number; most: number | null }>(
        'select count(*) as count, max(index) as most from sequenced',
      );
      assert.equal(rows[0]?.count, result.size);
      assert.equal((rows[0]?.most ?? -1) + 1, result.size);
      return result.size;
    },
    /** What an auditor takes home. */
    keep: async (): Promise<Kept> => {
      const { note, size } = await getHead(db);
      const leaves = (await readEntries(db, 0, size)).map(({ leaf }) => Buffer.from(leaf, 'base64'));
      return { note, leaves: Buffer.concat(leaves) };
    },
    lines: () => Array.fromAsync(exportLog(db, signer)),
    close: () => pool.end(),
  };
}

async function recordMany(db: Db, count: number): Promise<void> {
  await db.transaction(async (tx) => {
    for (let made = 0; made < count; made++) await record(tx, systemClock, anEvent(`number ${made}`));
  });
}
