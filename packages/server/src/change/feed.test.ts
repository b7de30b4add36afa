import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, test } from 'vitest';
import { openDb, openPool } from '#kernel/db';
import { newId } from '#kernel/id';
import { silentLog } from '#kernel/log';
import { houseUrl } from '#testing/house';
import { announce } from './announce.ts';
import type { Change, ChangeWhat } from './change.ts';
import { type Feed, openFeed } from './feed.ts';
import { listPoints } from './point-store.ts';

const url = await houseUrl();
const pool = openPool(url, 10);
const db = openDb(pool);
const opened: Feed[] = [];

type Pace = { pollMs?: number; leaseMs?: number; name?: string };

async function openNode({ pollMs = 500, leaseMs = 2000, name = 'node' }: Pace = {}): Promise<Feed & { id: string }> {
  const id = newId<string>('point');
  const feed = await openFeed({ url, db, pollMs, leaseMs, point: { id, name }, log: silentLog });
  opened.push(feed);
  return Object.assign(feed, { id });
}

afterAll(async () => {
  await Promise.all(opened.map((feed) => feed.close()));
  await pool.end();
});

const say = (what: ChangeWhat, key: string) => db.transaction((tx) => announce(tx, [{ what, key }]));

/** The same row, but nobody is woken: a notification that was lost. */
const saySilently = async (what: ChangeWhat, key: string) =>
  db.transaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1, $2)', [0x53757265, 3]);
    const { rows } = await tx.query<{ number: number }>(
      'insert into change (number, what, key) select coalesce(max(number), 0) + 1, $1, $2 from change returning number',
      [what, key],
    );
    return rows[0]?.number ?? 0;
  });

const busy = (ms: number) => {
  for (const until = performance.now() + ms; performance.now() < until;);
};

const feedBackends = async () =>
  (
    await db.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name = 'surety change feed' and datname = current_database()`,
    )
  ).rows.map(({ pid }) => pid);

test('a change announced on one node is applied on every node, woken by NOTIFY, long before the next poll', async () => {
  const nodes = [await openNode({ pollMs: 5000, leaseMs: 20_000 }), await openNode({ pollMs: 5000, leaseMs: 20_000 })];
  const seen: Change[][] = nodes.map(() => []);
  for (const [at, node] of nodes.entries()) node.onChange((change) => seen[at]?.push(change));
  const times: number[] = [];
  for (let round = 0; round < 20; round++) {
    const key = newId<string>('agent');
    const number = await say('cutoff', key);
    const start = performance.now();
    assert.deepEqual(await Promise.all(nodes.map((node) => node.waitFor(number, 1000))), [true, true]);
    times.push(performance.now() - start);
    for (const node of nodes) assert.ok(Math.abs((node.cutoffOf(key) ?? 0) - Date.now()) < 5000);
  }
  times.sort((a, b) => a - b);
  assert.ok(times[10]! < 100, `half of them took more than ${times[10]!.toFixed(1)} ms`);
  for (const list of seen)
    assert.deepEqual(
      list.map(({ number }) => number),
      [...new Set(list.map(({ number }) => number))].sort((a, b) => a - b),
    );
  assert.deepEqual(seen[0], seen[1]);
  for (const node of nodes) await node.close();
});

test('when the notification is lost, polling alone brings the change', async () => {
  const node = await openNode({ pollMs: 200, leaseMs: 2000 });
  const number = await saySilently('stopped', 'agt_silent');
  assert.ok(await node.waitFor(number, 2000));
  assert.ok(node.cutoffOf('agt_silent') !== undefined);
  await node.close();
});

test('while the event loop is busy the worker goes on, and catchUp applies at once', async () => {
  const node = await openNode();
  const applied: string[] = [];
  node.onChange(({ key }) => applied.push(key));
  let caught = 0;
  for (let tries = 0; caught === 0 && tries < 20; tries++) {
    const key = newId<string>('agent');
    await say('cutoff', key);
    const isEarly = applied.includes(key);
    busy(300);
    if (isEarly) continue; // the worker was faster than the answer to the announcement
    assert.ok(!applied.includes(key), 'nothing can have run: the event loop was busy');
    assert.ok(node.isFresh(), 'the lease is kept by the worker');
    assert.ok(applied.includes(key), 'applied without a turn of the event loop');
    caught++;
  }
  assert.equal(caught, 1);
  await node.close();
});

test('whoever asks for a cut-off is told the newest, without a turn of the event loop', async () => {
  const node = await openNode();
  const number = await say('cutoff', 'agt_now');
  busy(200);
  assert.ok(node.cutoffOf('agt_now') !== undefined);
  assert.ok(node.applied() >= number);
  await node.close();
});

test('a node that starts knows the young cut-offs and not the facts that changed before', async () => {
  await say('cutoff', 'agt_before');
  await say('changed', 'agt_fact');
  const node = await openNode();
  const heard: string[] = [];
  node.onChange(({ key }) => heard.push(key));
  assert.ok(node.cutoffOf('agt_before') !== undefined);
  assert.equal(node.cutoffOf('agt_fact'), undefined);
  await node.waitFor(await say('changed', 'agt_after'), 1000);
  assert.deepEqual(heard, ['agt_after']);
  await node.close();
});

test('a listener that throws stops neither the others nor the feed', async () => {
  const node = await openNode();
  const heard: string[] = [];
  node.onChange(() => {
    throw new Error('broken');
  });
  const end = node.onChange(({ key }) => heard.push(key));
  await node.waitFor(await say('changed', 'one'), 1000);
  end();
  await node.waitFor(await say('changed', 'two'), 1000);
  assert.deepEqual(heard, ['one']);
  await node.close();
});

test('the enforcement point says what it has applied and that it lives, and is gone when it ends in order', async () => {
  const node = await openNode({ name: 'gateway-1' });
  const number = await say('changed', 'anything');
  await node.waitFor(number, 1000);
  const own = async () => (await listPoints(db, 10_000)).find(({ id }) => id === node.id);
  for (let tries = 0; (await own())?.change !== number && tries < 100; tries++) await sleep(20);
  assert.equal((await own())?.change, number);
  assert.equal((await own())?.name, 'gateway-1');
  await sleep(2500);
  assert.ok(((await own())?.seenMsAgo ?? Infinity) < 2400, 'it has said since that it lives');
  await node.close();
  assert.equal(await own(), undefined);
});

test('the feed survives broken connections: what was announced meanwhile arrives', async () => {
  const node = await openNode({ pollMs: 200 });
  for (let round = 0; round < 3; round++) {
    for (const pid of await feedBackends()) await db.query('select pg_terminate_backend($1)', [pid]);
    const number = await say('cutoff', `agt_round${round}`);
    assert.ok(await node.waitFor(number, 3000));
    assert.ok(node.isFresh());
  }
  await node.close();
});

test('a table that was put back in time closes the node for good', async () => {
  const ownUrl = await houseUrl();
  const ownPool = openPool(ownUrl, 3);
  const own = openDb(ownPool);
  const tell = (key: string) => own.transaction((tx) => announce(tx, [{ what: 'changed', key }]));
  await tell('a');
  await tell('b');
  const node = await openFeed({
    url: ownUrl,
    db: own,
    pollMs: 50,
    leaseMs: 1000,
    point: { id: newId('point'), name: 'n' },
    log: silentLog,
  });
  opened.push(node);
  assert.ok(node.isFresh());
  await own.query('delete from change where number = 2');
  await tell('another second change');
  for (let tries = 0; node.isFresh() && tries < 100; tries++) await sleep(20);
  assert.equal(node.isFresh(), false);
  await sleep(1500);
  assert.equal(node.isFresh(), false);
  await node.close();
  await ownPool.end();
});

test('a database that cannot be reached lets no feed open', async () => {
  const gone = openPool('postgres://surety@127.0.0.1:1/none', 1);
  const options = {
    url: 'postgres://surety@127.0.0.1:1/none',
    db: openDb(gone),
    pollMs: 50,
    leaseMs: 500,
    point: { id: newId<string>('point'), name: 'n' },
    log: silentLog,
  };
  await assert.rejects(openFeed(options));
  await gone.end();
});
