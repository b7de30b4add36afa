import assert from 'node:assert/strict';
import { leafHash } from '@surety/transparency/merkle';
import { rootOf } from '@surety/transparency/subtree';
import { TreeEdge } from '@surety/transparency/tree-edge';
import type pg from 'pg';
import { afterAll, test } from 'vitest';
import { systemClock } from '#kernel/clock';
import { type Db, openPool } from '#kernel/db';
import { checkLog } from './check-log.ts';
import { findHead } from './head-store.ts';
import { beginLog, checkStoredHead, integrate } from './integrate.ts';
import { LedgerError } from './ledger-error.ts';
import { entryOf, record, recordEntry } from './record.ts';
import { listAllTiles } from './tile-store.ts';
import { aSigner } from './testing/a-signer.ts';
import { anEvent, openLogHouse } from './testing/log-house.ts';

const opened: Awaited<ReturnType<typeof openLogHouse>>[] = [];

async function aHouse(entries = 0) {
  const house = await openLogHouse();
  opened.push(house);
  await house.begin();
  await house.grow(entries);
  return house;
}

afterAll(async () => {
  await Promise.all(opened.map((house) => house.close()));
});

test('an empty log is begun once, with a signed head', async () => {
  const { db, house, check } = await aHouse();
  const head = await findHead(db);
  await beginLog(house);
  await Promise.all([beginLog(house), beginLog(house)]);
  assert.deepEqual(await findHead(db), head);
  assert.equal(head?.size, 0);
  assert.equal(await check(), 0);
});

test('entries are given dense indexes in the order of their ids, and hashed exactly as they are kept', async () => {
  const { db, grow, check } = await aHouse();
  for (const count of [1, 5, 250, 3, 700]) await grow(count);
  assert.equal(await check(), 959);
  const { rows } = await db.query<{ index: number; id: string; body: string }>(
    'select s.index, s.id, e.body from sequenced s join entry e on e.id = s.id order by s.index',
  );
  assert.deepEqual(
    rows.map(({ index }) => index),
    rows.map((_, at) => at),
  );
  const head = await findHead(db);
  assert.ok(head?.root.equals(rootOf(rows.map(({ body }) => leafHash(body)))));
  const round = rows.slice(6, 256).map(({ id }) => id);
  assert.deepEqual(round, [...round].sort());
});

test('an entry is hashed as UTF-8, whatever it holds', async () => {
  const { db, house, check } = await aHouse();
  await record(db, systemClock, anEvent('\\x00 \\ \' " é \u2028 \u{1f600} \u0000 \u001b[31m\n{"fake":"json"}'));
  await integrate(house);
  assert.equal(await check(), 1);
});

test('an entry that is committed late, with an earlier id, is not passed over', async () => {
  const { db, house, check } = await aHouse();
  const early = entryOf(anEvent('early'), () => Date.now() - 3_600_000);
  await db.transaction(async (slow) => {
    await recordEntry(slow, early);
    await record(db, systemClock, anEvent('late, but committed first'));
    assert.equal((await integrate(house)).taken, 1);
  });
  assert.equal((await integrate(house)).taken, 1);
  const { rows } = await db.query('select index from sequenced where id = $1', [early.id]);
  assert.deepEqual(rows, [{ index: 1 }]);
  assert.equal(await check(), 2);
});

test('an act that was rolled back leaves no gap', async () => {
  const { db, house, check } = await aHouse(3);
  await assert.rejects(
    db.transaction(async (tx) => {
      await record(tx, systemClock, anEvent());
      throw new Error('no');
    }),
  );
  await record(db, systemClock, anEvent());
  await integrate(house);
  assert.equal(await check(), 4);
});

/** A database that refuses, or loses its connection, at one step of a transaction: from `begin` to after `commit`. */
function failingDb(pool: pg.Pool, failAt: number, how: 'refused' | 'killed'): Db & { steps: () => number } {
  let step = 0;
  const run = async (client: pg.PoolClient, text: string, values: unknown[] = []) => {
    const isHere = step++ === failAt;
    if (isHere && how === 'killed') await client.query('select pg_terminate_backend(pg_backend_pid())');
    if (isHere) throw new Error('the disk is full');
    const { rows, rowCount } = await client.query({ text, values });
    return { rows: rows as never[], rowCount: rowCount ?? 0 };
  };
  return {
    steps: () => step,
    query: () => Promise.reject(new Error('not in a transaction')),
    transaction: async (work) => {
      const client = await pool.connect();
      client.on('error', () => {});
      try {
        await run(client, 'begin');
        const result = await work({ query: (text, values) => run(client, text, [...(values ?? [])]) });
        await run(client, 'commit');
        if (step++ === failAt) throw new Error('killed after the commit, before anybody was told');
        return result;
      } finally {
        client.release(true); // whatever was not committed is rolled back
      }
    },
  };
}

test('a sequencer that dies between any two steps leaves a state from which the next one goes on', async () => {
  const { url, db, house, check } = await aHouse(200);
  const pool = openPool(url, 2);
  let size = 200;
  let isWhole = false;
  for (let failAt = 0; !isWhole; failAt++) {
    for (const how of ['refused', 'killed'] as const) {
      for (let made = 0; made < 30; made++) await record(db, systemClock, anEvent());
      const failing = failingDb(pool, failAt, how);
      isWhole = await integrate({ ...house, db: failing }).then(
        () => true,
        () => false,
      );
      const between = await check();
      assert.ok(between === size || between === size + 30, 'all of a round, or nothing');
      await integrate(house);
      size += 30;
      assert.equal(await check(), size, `died at step ${failAt}, ${how}`);
    }
    if (isWhole) assert.ok(failAt >= 8, `only ${failAt} steps were tried`);
  }
  await pool.end();
});

test('two that integrate at once, without the lock, take turns', async () => {
  const { house, check, record: add } = await aHouse(10);
  await add(300);
  const results = await Promise.all(Array.from({ length: 6 }, () => integrate({ ...house, limit: 70 })));
  assert.equal(
    results.reduce((sum, { taken }) => sum + taken, 0),
    300,
  );
  assert.equal(await check(), 310);
});

const tamperings: readonly [says: string, sql: string][] = [
  [
    'a bit of the unfinished tile',
    `update tile set hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1) where level = 0 and position = 1`,
  ],
  ['a bit of a higher tile', `update tile set hashes = set_byte(hashes, 3, get_byte(hashes, 3) # 128) where level = 1`],
  ['an unfinished tile shortened', `update tile set hashes = substring(hashes from 1 for 32) where level = 0 and position = 1`],
  ['the unfinished tile gone', `delete from tile where level = 0 and position = 1`],
  ['another size', `update tree_head set size = size - 1`],
  ['another root', `update tree_head set root = sha256(root)`],
  ['another frontier', `update tree_head set frontier = set_byte(frontier, 0, get_byte(frontier, 0) # 1)`],
  ['another note', `update tree_head set note = replace(note, E'\\n300\\n', E'\\n301\\n')`],
  ['no note', `update tree_head set note = ''`],
  ['the head gone', `delete from tree_head`],
  ['two heads', `insert into tree_head select origin || '2', size, root, frontier, note, at from tree_head`],
];

for (const [says, sql] of tamperings) {
  test(`with ${says}, nothing more is signed`, async () => {
    const { db, house, record: add } = await aHouse(300);
    await add(1);
    const before = (await db.query('select note from tree_head')).rows;
    await db.query(sql);
    const changed = (await db.query('select note from tree_head')).rows;
    await assert.rejects(integrate(house), LedgerError);
    await assert.rejects(checkStoredHead(house), LedgerError);
    assert.deepEqual((await db.query('select note from tree_head')).rows, changed);
    assert.equal((await db.query('select id from unsequenced')).rowCount, 1);
    assert.ok(before.length === 1);
  });
}

test('with hashes and a frontier that agree with each other, but not with what was signed, nothing more is signed', async () => {
  const { db, house, record: add } = await aHouse(300);
  await add(1);
  const [last, ...rest] = (await listAllTiles(db)).toSorted(
    (one, other) => one.level - other.level || other.position - one.position,
  );
  const forged = { ...last!, hashes: Buffer.from(last!.hashes).fill(7, 0, 32) };
  const frontier = Buffer.from(TreeEdge.open(300, [forged, ...rest]).frontierBytes());
  await db.query('update tile set hashes = $1 where level = 0 and position = 1', [forged.hashes]);
  await db.query('update tree_head set frontier = $1', [frontier]);
  await assert.rejects(integrate(house), /do not lead to the root/);
});

test('an acknowledged entry that is gone before it has an index stops the signing', async () => {
  const { db, house, record: add, check } = await aHouse(5);
  await add(2);
  await db.query('delete from entry where id = (select id from unsequenced limit 1)');
  await assert.rejects(integrate(house), LedgerError);
  assert.equal(await check(), 5);
});

test('a database that was put back in time signs nothing, and neither does one with another history', async () => {
  const { db, house, grow } = await aHouse(20);
  const past = await findHead(db);
  const tables = ['entry', 'unsequenced', 'sequenced', 'tile', 'tree_head'];
  for (const table of tables) await db.query(`create table kept_${table} as table ${table}`);
  await grow(300);
  const newest = await findHead(db);
  for (const table of tables) await db.query(`truncate ${table}`);
  for (const table of tables) await db.query(`insert into ${table} table kept_${table}`);
  await assert.doesNotReject(checkStoredHead(house, past));
  await assert.rejects(checkStoredHead(house, newest), /put back in time/);
  await assert.rejects(integrate(house, newest), /put back in time/);
  await grow(300);
  await assert.rejects(checkStoredHead(house, newest), /another history/);
  await grow(400);
  await assert.rejects(checkStoredHead(house, newest), /another history/);
  await assert.doesNotReject(checkStoredHead(house, past));
});

test('another key, or another name, does not go on with a log; a key that signed before is believed', async () => {
  const { db, house, signer, grow } = await aHouse(3);
  const heir = aSigner(signer.name);
  await assert.rejects(checkStoredHead({ ...house, signer: heir }), /not signed by the key/);
  await assert.rejects(checkStoredHead({ ...house, signer: aSigner('another.example/log') }), /named ledger.example\/log/);
  await record(db, systemClock, anEvent());
  await integrate({ ...house, signer: heir, olderVkeys: [signer.vkey] });
  assert.ok((await checkLog(db, heir.vkey)).ok);
  await assert.rejects(grow(1), /not signed by the key/);
});

test('a key that does not sign what it should makes no head', async () => {
  const { house, check, record: add } = await aHouse(3);
  await add(1);
  await assert.rejects(integrate({ ...house, signer: { ...house.signer, sign: () => new Uint8Array(64) } }), /does not sign/);
  assert.equal(await check(), 3);
});
