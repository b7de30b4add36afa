import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, test } from 'vitest';
import { systemClock } from '#kernel/clock';
import { type Log, silentLog } from '#kernel/log';
import { openCommitQueue } from './commit-queue.ts';
import { findHead } from './head-store.ts';
import { LedgerError } from './ledger-error.ts';
import { entryOf, record } from './record.ts';
import { openSequencer, type Sequencer, type SequencerOptions } from './sequence.ts';
import { anEvent, openLogHouse } from './testing/log-house.ts';

const opened: { close(): Promise<unknown> }[] = [];
const folder = mkdtempSync(join(tmpdir(), 'surety-ledger-'));

afterAll(async () => {
  for (const one of opened.toReversed()) await one.close();
  rmSync(folder, { recursive: true, force: true });
});

async function aHouse() {
  const house = await openLogHouse();
  opened.push(house);
  return house;
}

async function sequence(
  house: Awaited<ReturnType<typeof openLogHouse>>,
  more: Partial<SequencerOptions> = {},
): Promise<Sequencer> {
  const sequencer = await openSequencer({ url: house.url, signer: house.signer, log: silentLog, ...more });
  opened.push(sequencer);
  return sequencer;
}

const sizeOf = async (house: Awaited<ReturnType<typeof openLogHouse>>) => (await findHead(house.db))?.size ?? -1;

async function until(condition: () => boolean | Promise<boolean>, ms: number): Promise<number> {
  const start = performance.now();
  while (!(await condition())) {
    assert.ok(performance.now() - start < ms, `not within ${ms} ms`);
    await sleep(5);
  }
  return performance.now() - start;
}

test('opening a house begins its log, and an entry is in the tree within a second of its commit', async () => {
  const house = await aHouse();
  const sequencer = await sequence(house);
  assert.equal(await sizeOf(house), 0);
  await until(() => sequencer.isLeader(), 1000);
  await record(house.db, systemClock, anEvent());
  await until(async () => (await sizeOf(house)) === 1, 1000);
  await sequencer.close();
  assert.equal(await house.check(), 1);
});

test('a sequencer that is woken does not wait for its turn', async () => {
  const house = await aHouse();
  const sequencer = await sequence(house, { everyMs: 60_000 });
  await until(() => sequencer.isLeader(), 1000);
  for (let size = 1; size < 20; size++) {
    await record(house.db, systemClock, anEvent());
    sequencer.wake();
    await until(async () => (await sizeOf(house)) === size, 2000);
  }
  await sequencer.close();
});

test('closing sequences what is there', async () => {
  const house = await aHouse();
  const sequencer = await sequence(house, { everyMs: 60_000, limit: 100 });
  await until(() => sequencer.isLeader(), 1000);
  await house.record(350);
  await sequencer.close();
  assert.equal(await house.check(), 350);
});

test('two nodes that append two thousand entries: one sequences, and the indexes are dense and unique', async () => {
  const house = await aHouse();
  const sequencers = await Promise.all([sequence(house), sequence(house)]);
  const queues = sequencers.map((sequencer) =>
    openCommitQueue({ url: house.url, clock: systemClock, log: silentLog, onCommitted: () => sequencer.wake() }),
  );
  const ids: string[] = [];
  await Promise.all(
    queues.flatMap((queue) =>
      Array.from({ length: 20 }, async () => {
        for (let made = 0; made < 50; made++) {
          const entry = entryOf(anEvent(), systemClock);
          assert.equal(await queue.commit({ entries: [entry], spends: [] }), 'committed');
          ids.push(entry.id);
        }
      }),
    ),
  );
  await until(async () => (await sizeOf(house)) === 2000, 3000);
  assert.equal(sequencers.filter((one) => one.isLeader()).length, 1);
  const { rows } = await house.db.query<{ index: number; id: string }>('select index, id from sequenced order by index');
  assert.deepEqual(
    rows.map(({ index }) => index),
    Array.from({ length: 2000 }, (_, at) => at),
  );
  assert.deepEqual(new Set(rows.map(({ id }) => id)), new Set(ids));
  assert.equal(await house.check(), 2000);
  await Promise.all([...queues, ...sequencers].map((one) => one.close()));
});

test('when the connection of the leader breaks, again and again, another goes on and nothing is lost', async () => {
  const house = await aHouse();
  const sequencers = await Promise.all([sequence(house), sequence(house), sequence(house)]);
  await until(() => sequencers.some((one) => one.isLeader()), 1000);
  for (let round = 1; round <= 8; round++) {
    await house.record(40);
    await house.db.query(
      `select pg_terminate_backend(pid) from pg_locks
       where locktype = 'advisory' and classid = $1 and objid = 4 and granted and database = (select oid from pg_database where datname = current_database())`,
      [0x53757265],
    );
    await house.record(10);
    await until(async () => (await sizeOf(house)) === round * 50, 3000);
  }
  await Promise.all(sequencers.map((one) => one.close()));
  assert.equal(await house.check(), 400);
});

test('while the head is damaged the leader refuses, says why, and lets no other node sign', async () => {
  const house = await aHouse();
  const said: string[] = [];
  const log: Log = { ...silentLog, error: (fields) => said.push(JSON.stringify(fields)) };
  const leader = await sequence(house, { log });
  await until(() => leader.isLeader(), 1000);
  const other = await sequence(house);
  await house.record(300);
  await until(async () => (await sizeOf(house)) === 300, 2000);
  const before = await findHead(house.db);
  await house.db.query(`update tile set hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) where level = 1`);
  await house.record(1);
  await until(() => leader.trouble() !== undefined, 2000);
  await sleep(500);
  assert.match(leader.trouble() ?? '', /do not lead to the root/);
  assert.equal(said.length, 1);
  assert.deepEqual([leader.isLeader(), other.isLeader()], [true, false]);
  assert.deepEqual(await findHead(house.db), before);
  await assert.rejects(openSequencer({ url: house.url, signer: house.signer, log: silentLog }), LedgerError);
  await Promise.all([leader, other].map((one) => one.close()));
});

test('the file outside of the database keeps the newest signed head, and refuses a database that was put back in time', async () => {
  const house = await aHouse();
  const signedFile = join(folder, 'signed');
  const first = await sequence(house, { signedFile });
  await until(() => first.isLeader(), 1000);
  const tables = ['entry', 'unsequenced', 'sequenced', 'tile', 'tree_head'];
  for (const table of tables) await house.db.query(`create table kept_${table} as table ${table}`);
  await house.record(30);
  await first.close();
  const { origin, root } = (await findHead(house.db))!;
  assert.equal(readFileSync(signedFile, 'utf8'), `${origin}\n30\n${root.toString('base64')}\n`);
  const second = await sequence(house, { signedFile });
  await second.close();
  for (const table of tables) await house.db.query(`truncate ${table}`);
  for (const table of tables) await house.db.query(`insert into ${table} table kept_${table}`);
  await assert.rejects(sequence(house, { signedFile }), /put back in time: its ledger has 0 entries, but 30 were signed/);
  writeFileSync(signedFile, 'something else');
  await assert.rejects(sequence(house, { signedFile }), LedgerError);
  writeFileSync(signedFile, `another\n0\n${root.toString('base64')}\n`);
  await assert.rejects(sequence(house, { signedFile }), /belongs to the ledger another/);
});

test('a running sequencer notices that the database was put back in time under it', async () => {
  const house = await aHouse();
  const sequencer = await sequence(house);
  await until(() => sequencer.isLeader(), 1000);
  const tables = ['entry', 'unsequenced', 'sequenced', 'tile', 'tree_head'];
  for (const table of tables) await house.db.query(`create table kept_${table} as table ${table}`);
  await house.record(30);
  await until(async () => (await sizeOf(house)) === 30, 1000);
  await house.db.transaction(async (tx) => {
    for (const table of tables) await tx.query(`truncate ${table}`);
    for (const table of tables) await tx.query(`insert into ${table} table kept_${table}`);
    await record(tx, systemClock, anEvent());
  });
  await until(() => sequencer.trouble() !== undefined, 2000);
  assert.match(sequencer.trouble() ?? '', /put back in time/);
  assert.equal(await sizeOf(house), 0);
  await sequencer.close();
});

test('a database that goes away does not end the sequencer', async () => {
  const house = await aHouse();
  const sequencer = await sequence(house);
  await until(() => sequencer.isLeader(), 1000);
  await house.db.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  );
  await house.record(5);
  await until(async () => (await sizeOf(house)) === 5, 3000);
  await sequencer.close();
});
