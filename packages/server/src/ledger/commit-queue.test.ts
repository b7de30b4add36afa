import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, test } from 'vitest';
import { announce } from '#change/announce';
import { systemClock } from '#kernel/clock';
import { openDb, openPool } from '#kernel/db';
import { newId } from '#kernel/id';
import { type Log, silentLog } from '#kernel/log';
import { houseUrl } from '#testing/house';
import {
  type CommitQueue,
  type CommitQueueOptions,
  type CommitUnit,
  openCommitQueue,
  type Spend,
  spendKey,
} from './commit-queue.ts';
import { type Entry, entryOf } from './record.ts';

const url = await houseUrl();
const pool = openPool(url, 10);
const db = openDb(pool);
const queues: CommitQueue[] = [];

function open(options: Partial<CommitQueueOptions> = {}): CommitQueue {
  const queue = openCommitQueue({ url, clock: systemClock, log: silentLog, ...options });
  queues.push(queue);
  return queue;
}

const queue = open();

afterAll(async () => {
  await Promise.all(queues.map((one) => one.close()));
  await pool.end();
});

const anEntry = (about = newId<string>('agent')): Entry =>
  entryOf(
    { type: 'agent.moved', actor: 'hum_x', about, data: { from: 'active', to: 'suspended', reason: 'a test' } },
    systemClock,
  );
const aSpend = (): Spend => ({ key: randomBytes(32), expiresAtMs: Date.now() + 60_000 });
const aUnit = (more: Partial<CommitUnit> = {}): CommitUnit => ({ entries: [anEntry()], spends: [aSpend()], ...more });

const written = async (units: readonly CommitUnit[]) => {
  const ids = units.flatMap(({ entries }) => entries.map(({ id }) => id));
  const { rows } = await db.query<{ id: string; waits: boolean }>(
    'select e.id, u.id is not null as waits from entry e left join unsequenced u on u.id = e.id where e.id = any($1)',
    [ids],
  );
  assert.ok(
    rows.every(({ waits }) => waits),
    'every entry waits for an index',
  );
  return new Set(rows.map(({ id }) => id));
};

const isWritten = async (unit: CommitUnit) => (await written([unit])).size === unit.entries.length && unit.entries.length > 0;

async function anApproval(more: { state?: string; validForMs?: number } = {}): Promise<string> {
  const id = newId<string>('approval');
  await db.query(
    `insert into approval (id, action, agent, task, answerable, requester, system, operation, effect, call_digest, question_digest, definition,
       policy_version, because, sealed, state, asked_at, expires_at, valid_until)
     values ($1, $2, $3, 't', 'h', 'r', 's', 'o', 'write', $4, 'q', 'd', 1, 'b', '', $5, now(), now() + interval '1 hour', $6)`,
    [id, newId('action'), newId('agent'), id, more.state ?? 'approved', new Date(Date.now() + (more.validForMs ?? 60_000))],
  );
  return id;
}

const stateOf = async (id: string) =>
  (await db.query<{ state: string; used_by: string | null }>('select state, used_by from approval where id = $1', [id])).rows[0];

test('a committed unit has its entries written, each waiting for an index, and its spends spent', async () => {
  const unit = aUnit({ entries: [anEntry(), anEntry()] });
  assert.equal(await queue.commit(unit), 'committed');
  assert.ok(await isWritten(unit));
  assert.equal(await queue.commit({ entries: [], spends: unit.spends }), 'replayed');
});

test('an entry is read back exactly as it was made', async () => {
  const sealed = randomBytes(50);
  const entry = {
    ...entryOf(
      { type: 'task.ended', actor: 'a\'"\\,{}', about: 'tsk_é\n\u2028😀', task: 'tsk_1', data: { agent: '{"a":[1,"\\"]}' } },
      systemClock,
    ),
    sealed,
  };
  await queue.commit({ entries: [entry], spends: [] });
  const { rows } = await db.query('select id, at, type, actor, about, task, body, sealed from entry where id = $1', [entry.id]);
  assert.deepEqual(rows, [entry]);
});

test('a replayed unit writes nothing', async () => {
  const first = aUnit();
  await queue.commit(first);
  const second = aUnit({ spends: [aSpend(), ...first.spends] });
  assert.equal(await queue.commit(second), 'replayed');
  assert.equal(await isWritten(second), false);
});

test('of units in one batch that spend the same thing only the first is committed', async () => {
  const units = Array.from({ length: 40 }, () => aUnit());
  const twins = units.map((unit) => aUnit({ spends: unit.spends }));
  const single = open({ lanes: 1 });
  const results = await Promise.all([...units, ...twins].map((unit) => single.commit(unit)));
  assert.deepEqual(results, [...units.map(() => 'committed'), ...twins.map(() => 'replayed')]);
  assert.equal((await written(twins)).size, 0);
  const doubled = aSpend();
  assert.equal(await queue.commit(aUnit({ spends: [doubled, doubled] })), 'replayed');
});

test('fifty at once on each of three nodes: each proof is accepted exactly once', async () => {
  const nodes = [open(), open(), open()];
  const spends = Array.from({ length: 60 }, aSpend);
  const accepted = new Map<Spend, number>();
  await Promise.all(
    nodes.flatMap((node) =>
      Array.from({ length: 50 }, async (_, at) => {
        for (let step = 0; step < spends.length; step++) {
          const spend = spends[(at * 7 + step) % spends.length]!;
          if ((await node.commit(aUnit({ spends: [spend] }))) === 'committed')
            accepted.set(spend, (accepted.get(spend) ?? 0) + 1);
        }
      }),
    ),
  );
  assert.deepEqual(
    [...accepted.values()],
    spends.map(() => 1),
  );
});

test('what was decided before a change to one of its keys is stale and writes nothing; another key does no harm', async () => {
  const key = newId<string>('agent');
  const before = await db.transaction((tx) => announce(tx, [{ what: 'changed', key: 'other' }]));
  const fence = { change: before, keys: ['policy', key] };
  assert.equal(await queue.commit(aUnit({ fence })), 'committed');
  await db.transaction((tx) => announce(tx, [{ what: 'changed', key: 'someone else' }]));
  assert.equal(await queue.commit(aUnit({ fence })), 'committed');
  const number = await db.transaction((tx) => announce(tx, [{ what: 'cutoff', key }]));
  const stale = aUnit({ fence });
  const fresh = aUnit({ fence: { ...fence, change: number } });
  assert.deepEqual(await Promise.all([stale, fresh].map((unit) => queue.commit(unit))), ['stale', 'committed']);
  assert.equal(await isWritten(stale), false);
  assert.ok(await isWritten(fresh));
});

test('a yes is used in the statement that writes the intent', async () => {
  const approval = await anApproval();
  const unit = aUnit({ approval: { id: approval, usedBy: 'act_1' } });
  assert.equal(await queue.commit(unit), 'committed');
  assert.deepEqual(await stateOf(approval), { state: 'used', used_by: 'act_1' });
  const again = aUnit({ approval: { id: approval, usedBy: 'act_2' } });
  assert.equal(await queue.commit(again), 'approval');
  assert.equal(await isWritten(again), false);
  assert.deepEqual(await stateOf(approval), { state: 'used', used_by: 'act_1' });
});

test('what is not approved, or was valid until a moment ago, is refused and stays as it is', async () => {
  for (const state of ['pending', 'refused', 'expired', 'used']) {
    const id = await anApproval({ state });
    assert.equal(await queue.commit(aUnit({ approval: { id, usedBy: 'act_1' } })), 'approval', state);
    assert.equal((await stateOf(id))?.state, state);
  }
  const late = await anApproval({ validForMs: -1 });
  assert.equal(await queue.commit(aUnit({ approval: { id: late, usedBy: 'act_1' } })), 'approval');
  assert.equal(await queue.commit(aUnit({ approval: { id: newId('approval'), usedBy: 'act_1' } })), 'approval');
});

test('two units of one batch want the same yes: the first that may have it gets it', async () => {
  const approval = await anApproval();
  const replayedSpend = aSpend();
  await queue.commit({ entries: [], spends: [replayedSpend] });
  const number = await db.transaction((tx) => announce(tx, [{ what: 'changed', key: 'agt_fenced' }]));
  const claim = (usedBy: string, more: Partial<CommitUnit> = {}) => aUnit({ approval: { id: approval, usedBy }, ...more });
  const units = [
    claim('replayed', { spends: [replayedSpend] }),
    claim('stale', { fence: { change: number - 1, keys: ['agt_fenced'] } }),
    claim('first'),
    claim('second'),
  ];
  assert.deepEqual(await Promise.all(units.map((unit) => queue.commit(unit))), ['replayed', 'stale', 'committed', 'approval']);
  assert.deepEqual(await stateOf(approval), { state: 'used', used_by: 'first' });
  assert.deepEqual(await written(units), new Set(units[2]!.entries.map(({ id }) => id)));
});

test('many nodes want the same yeses: each is used once, and nobody waits for ever', async () => {
  const nodes = [open(), open(), open()];
  const approvals = await Promise.all(Array.from({ length: 30 }, () => anApproval()));
  const orders = [approvals, [...approvals].reverse(), [...approvals].sort(() => 0.5 - randomBytes(1)[0]! / 255)];
  const results = await Promise.all(
    nodes.flatMap((node, at) => orders[at]!.map((id) => node.commit(aUnit({ approval: { id, usedBy: `node ${at}` } })))),
  );
  assert.equal(results.filter((result) => result === 'committed').length, approvals.length);
  assert.equal(results.filter((result) => result === 'approval').length, 2 * approvals.length);
});

test('whatever is in a batch, on two nodes at once: results and rows agree, and no deadlock happens', async () => {
  const nodes = [open({ maxUnits: 16 }), open({ maxUnits: 16 })];
  const spends = Array.from({ length: 12 }, aSpend);
  const keys = ['agt_one', 'agt_two', 'agt_three'];
  const newest = await db.transaction((tx) => announce(tx, [{ what: 'changed', key: 'agt_two' }]));
  const plan = fc.record({
    spends: fc.array(fc.constantFrom(...spends.keys()), { maxLength: 3 }),
    approval: fc.option(fc.nat(5)),
    fence: fc.option(fc.record({ back: fc.constantFrom(0, 1), keys: fc.subarray(keys) })),
    entries: fc.nat(2),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(plan, { minLength: 30, maxLength: 60 }), async (plans) => {
      const approvals = await Promise.all(Array.from({ length: 6 }, () => anApproval()));
      const units = plans.map((one, at): CommitUnit => ({
        entries: Array.from({ length: one.entries }, () => anEntry()),
        spends: one.spends.map((place) => ({ ...spends[place]!, key: spendKey('dpop', String(place), approvals[0]!) })),
        fence: one.fence === null ? undefined : { change: newest - one.fence.back, keys: one.fence.keys },
        approval: one.approval === null ? undefined : { id: approvals[one.approval]!, usedBy: `unit ${at}` },
      }));
      const results = await Promise.all(units.map((unit, at) => nodes[at % 2]!.commit(unit)));
      const kept = await written(units);
      for (const [at, unit] of units.entries()) {
        for (const { id } of unit.entries) assert.equal(kept.has(id), results[at] === 'committed');
        const isBehind = unit.fence !== undefined && unit.fence.change < newest && unit.fence.keys.includes('agt_two');
        if (results[at] === 'committed') assert.ok(!isBehind && new Set(plans[at]!.spends).size === unit.spends.length);
        if (unit.approval !== undefined)
          assert.equal((await stateOf(unit.approval.id))?.used_by === unit.approval.usedBy, results[at] === 'committed');
      }
      const claims = units
        .filter((_, at) => results[at] === 'committed')
        .flatMap((unit) => unit.spends.map(({ key }) => key.toString('hex')));
      assert.equal(new Set(claims).size, claims.length);
    }),
    { numRuns: 25 },
  );
  const { rows } = await db.query<{ deadlocks: number }>(
    'select deadlocks from pg_stat_database where datname = current_database()',
  );
  assert.equal(rows[0]?.deadlocks, 0);
});

test('one unit that the database cannot hold is refused, and the others of its batch are committed', async () => {
  const good = Array.from({ length: 63 }, () => aUnit());
  const bad = [
    aUnit({ entries: [{ ...anEntry(), about: 'nul \u0000 character' }] }),
    aUnit({ entries: [anEntry(), { ...anEntry(), id: 'not an event' }] }),
  ];
  const units = [...good.slice(0, 20), bad[0]!, ...good.slice(20, 41), bad[1]!, ...good.slice(41)];
  const results = await Promise.allSettled(units.map((unit) => queue.commit(unit)));
  for (const [at, unit] of units.entries()) {
    const result = results[at]!;
    if (bad.includes(unit)) assert.ok(result.status === 'rejected' && (result.reason as { code: string }).code === 'internal');
    else assert.ok(result.status === 'fulfilled' && result.value === 'committed');
  }
  assert.equal((await written(good)).size, good.length);
  assert.equal((await written([bad[1]!])).size, 0);
  assert.equal(await queue.commit(aUnit()), 'committed');
});

test('whatever stands in a body, every body is kept beside its own id', async () => {
  const odd = ['one\u001etwo', '', '","', '{NULL,\\N}', 'é\u2028😀'].map((body) => ({ ...anEntry(), body }));
  const units = Array.from({ length: 20 }, (_, at) => aUnit({ entries: [anEntry(), ...odd.slice(at, at + 1)] }));
  await Promise.all(units.map((unit) => queue.commit(unit)));
  const entries = units.flatMap((unit) => unit.entries);
  const { rows } = await db.query<{ id: string; body: string }>('select id, body from entry where id = any($1)', [
    entries.map(({ id }) => id),
  ]);
  assert.deepEqual(new Map(rows.map(({ id, body }) => [id, body])), new Map(entries.map(({ id, body }) => [id, body])));
});

test('a unit without spends may be tried again when nobody knows what became of it', async () => {
  const unit = aUnit({ spends: [] });
  assert.equal(await queue.commit(unit), 'committed');
  assert.equal(await queue.commit(unit), 'committed');
  assert.ok(await isWritten(unit));
});

test('a database that does not answer refuses in time, and is used again when it answers', async () => {
  const quick = open({ timeoutMs: 400 });
  assert.equal(await quick.commit(aUnit()), 'committed');
  const units = Array.from({ length: 100 }, () => aUnit());
  await db.transaction(async (tx) => {
    await tx.query('lock table entry in access exclusive mode');
    const start = performance.now();
    const results = await Promise.allSettled(units.map((unit) => quick.commit(unit)));
    const tookMs = performance.now() - start;
    assert.ok(
      results.every((result) => result.status === 'rejected' && (result.reason as { code: string }).code === 'service.not_ready'),
    );
    assert.ok(tookMs < 1500, `it took ${tookMs.toFixed(0)} ms`);
  });
  assert.equal(await quick.commit(aUnit()), 'committed');
});

test('a statement that waits for a lock does not hold up what comes after it', async () => {
  const approval = await anApproval();
  const node = open();
  assert.equal(await node.commit(aUnit()), 'committed');
  let held: Promise<unknown> | undefined;
  await db.transaction(async (tx) => {
    await tx.query('select id from approval where id = $1 for update', [approval]);
    held = node.commit(aUnit({ approval: { id: approval, usedBy: 'act_1' } }));
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(await node.commit(aUnit()), 'committed');
    assert.equal(await node.commit(aUnit()), 'committed');
    assert.equal(await Promise.race([held, Promise.resolve('still waits')]), 'still waits');
  });
  assert.equal(await held, 'committed');
});

test('connections that break refuse what was under way; what was acknowledged is there; the next commit works', async () => {
  const messages: string[] = [];
  const log: Log = { ...silentLog, error: (_fields, message) => messages.push(message) };
  const node = open({ log });
  const acknowledged: CommitUnit[] = [];
  let refused = 0;
  let isOver = false;
  const producers = Array.from({ length: 20 }, async () => {
    while (!isOver) {
      const unit = aUnit();
      await node.commit(unit).then(
        (result) => result === 'committed' && acknowledged.push(unit),
        () => refused++,
      );
    }
  });
  for (let round = 0; round < 10 || (round < 300 && (refused === 0 || acknowledged.length < 100)); round++) {
    await db.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'with%spend as%' and pid <> pg_backend_pid()`,
    );
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  isOver = true;
  await Promise.all(producers);
  assert.ok(acknowledged.length > 100 && refused > 0);
  assert.equal((await written(acknowledged)).size, acknowledged.length);
  assert.equal(await node.commit(aUnit()), 'committed');
  assert.ok(messages.length > 0);
});

test('when the record cannot be written, no proof was spent and no yes was used', async () => {
  const broken = await houseUrl();
  const brokenPool = openPool(broken, 2);
  await brokenPool.query('drop table unsequenced');
  const node = open({ url: broken });
  await assert.rejects(node.commit(aUnit()), { code: 'service.not_ready' });
  assert.equal((await brokenPool.query('select 1 from spent_proof')).rowCount, 0);
  assert.equal((await brokenPool.query('select 1 from entry')).rowCount, 0);
  await brokenPool.end();
});

test('more than can wait is refused at once', async () => {
  const small = open({ maxWaiting: 50 });
  const results = await Promise.allSettled(Array.from({ length: 80 }, () => small.commit(aUnit())));
  const refused = results.filter((result) => result.status === 'rejected');
  assert.equal(refused.length, 30);
  assert.ok(refused.every((result) => (result.reason as { code: string }).code === 'service.overloaded'));
});

test('closing settles what was taken, and takes no more', async () => {
  const node = open();
  const units = Array.from({ length: 500 }, () => aUnit());
  const results = units.map((unit) => node.commit(unit));
  await node.close();
  assert.deepEqual(new Set(await Promise.all(results)), new Set(['committed']));
  assert.equal((await written(units)).size, units.length);
  await assert.rejects(node.commit(aUnit()), { code: 'service.not_ready' });
});

test('the sequencer is told after entries, and not after spends alone', async () => {
  let told = 0;
  const node = open({ onCommitted: () => told++ });
  await node.commit({ entries: [], spends: [aSpend()] });
  assert.equal(told, 0);
  await node.commit(aUnit());
  assert.equal(told, 1);
});

test('a connection of a database that acknowledges before it flushes is told to flush', async () => {
  const careless = await houseUrl();
  const carelessPool = openPool(careless, 2);
  const name = new URL(careless).pathname.slice(1);
  await carelessPool.query(`alter database ${name} set synchronous_commit = off`);
  const node = open({ url: careless });
  await carelessPool.query(
    `create function tell() returns trigger language plpgsql as $$ begin raise exception using message = current_setting('synchronous_commit'), errcode = '22000'; end $$`,
  );
  await carelessPool.query('create trigger tell before insert on entry for each row execute function tell()');
  await assert.rejects(node.commit(aUnit()), (fault: Error) => (fault.cause as Error).message === 'on');
  await carelessPool.end();
});
