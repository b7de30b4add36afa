import assert from 'node:assert/strict';
import { afterAll, test } from 'vitest';
import { openTask } from '#delegation/open-task';
import { systemClock } from '#kernel/clock';
import { openDb, openPool } from '#kernel/db';
import { newId } from '#kernel/id';
import { silentLog } from '#kernel/log';
import { openCommitQueue } from '#ledger/commit-queue';
import type { Deed } from '#ledger/deed';
import type { Metering } from '#ledger/metering';
import { residents } from '#registry/testing/residents';
import { houseUrl } from '#testing/house';
import { pruneDeeds } from './prune-deeds.ts';

const url = await houseUrl();
const pool = openPool(url, 4);
const db = openDb(pool);
const queue = openCommitQueue({ url, clock: systemClock, log: silentLog });
afterAll(async () => {
  await queue.close();
  await pool.end();
});

const day = 86_400_000;

function aDeed(root: string, atMs: number): Deed {
  const action = newId<string>('action');
  const who = { agent: 'agt_1', above: [], owners: ['hum_1'], requester: 'agt_1', person: 'hum_1' };
  return {
    action,
    root,
    task: root,
    ...who,
    system: 'erp',
    operation: 'pay',
    effect: 'money',
    atMs,
    prints: {},
    isWhole: true,
    amounts: {},
    rows: null,
  };
}

const kept = async () => (await db.query<{ root: string }>('select root from deed order by at')).rows.map(({ root }) => root);

test('what is older than every window is forgotten, but not while its tree of tasks is open', async () => {
  const { agent } = residents(db, systemClock);
  const one = await agent({ state: 'active' });
  const open = await db.transaction((tx) =>
    openTask(tx, systemClock, one.id, { agent: one.id, trigger: 'agent', purpose: 'long', lifetimeSeconds: 3600 }),
  );
  const now = Date.now();
  for (const [root, age] of [
    ['tsk_old', 401],
    [open.id, 401],
    ['tsk_new', 399],
  ] as const)
    await queue.commit({ entries: [], spends: [], deed: aDeed(root, now - age * day) });
  assert.equal(await pruneDeeds(db, { nowMs: now, keepMs: 400 * day }), 1);
  assert.deepEqual(await kept(), [open.id, 'tsk_new']);
  await db.query('delete from deed');
});

test('a meter that is forgotten is made again by whoever needs it, and a limit holds meanwhile', async () => {
  const metering: Metering = {
    locks: ['agent:agt_1'],
    checks: [
      {
        query: {
          agents: ['agt_1'],
          of: [{ system: 'erp', actions: ['pay'], where: [] }],
          same: [],
          measure: { kind: 'count' },
          isStrict: false,
        },
        key: 'pay',
        windowMs: null,
        sinceMs: null,
        adds: '1',
        prints: [],
        atMost: '3',
      },
    ],
  };
  const pay = () => queue.commit({ entries: [], spends: [], deed: aDeed('tsk_1', Date.now()), metering });
  assert.equal(await pay(), 'committed');
  await pruneDeeds(db, { nowMs: Date.now() + 8 * day, keepMs: 400 * day });
  assert.equal((await db.query('select key from meter')).rows.length, 0);
  const results = await Promise.all([pay(), pay(), pay(), pay()]);
  assert.deepEqual(results.sort(), ['committed', 'committed', 'limit', 'limit']);
  assert.equal((await kept()).length, 3);
});
