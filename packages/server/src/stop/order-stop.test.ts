import assert from 'node:assert/strict';
import { test } from 'vitest';
import { openTask } from '#delegation/open-task';
import { silentLog } from '#kernel/log';
import { entryOf, recordEntry } from '#ledger/record';
import { moveAgent } from '#registry/move-agent';
import { openPrincipalFacts } from '#registry/principal-facts';
import { openNode } from '#registry/testing/node';
import { announcedBy, eventsAbout, heldClock, residents } from '#registry/testing/residents';
import { confirmStops } from './confirm-stops.ts';
import { isStopped, liftStop } from './lift-stop.ts';
import { orderStop } from './order-stop.ts';
import { findStopByChange } from './stop-store.ts';
import { viewStop } from './stop-view.ts';

const { db, feed } = await openNode();
const { clock } = heldClock();
const { agent, human } = residents(db, clock);
const house = { db, clock };
const facts = openPrincipalFacts({ db, feed });
const view = { db, facts, leaseMs: 2000 };
const { rows } = await db.query<{ id: string }>('select id from enforcement_point');
const point = rows[0]?.id ?? '';
confirmStops({ db, feed, point, cutBetween: (first, last) => (last - first >= 0 ? 3 : 0), log: silentLog });

async function busyAgent() {
  const owner = await human();
  const one = await agent({ owner: owner.id, state: 'active' });
  const task = await db.transaction((tx) =>
    openTask(tx, clock, one.id, { agent: one.id, trigger: 'agent', purpose: 'today', lifetimeSeconds: 3600 }),
  );
  const token = {
    tokenId: 'tok_1',
    credential: 'crd',
    task: task.id,
    audience: 'https://x',
    jkt: 'k',
    expiresAt: new Date(clock() + 300_000).toISOString(),
  };
  await recordEntry(db, entryOf({ type: 'token.issued', actor: one.id, about: one.id, data: token }, clock));
  return { owner, agent: one, task };
}

async function untilConfirmed(id: Parameters<typeof viewStop>[1]) {
  for (let tries = 0; tries < 100; tries++) {
    const seen = await viewStop(view, id);
    if (seen.receipts.length > 0 && seen.receipts.every(({ state }) => state === 'confirmed')) return seen;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return viewStop(view, id);
}

test('a stop suspends the agent, ends its tasks, counts its live tokens and is confirmed by each point', async () => {
  const { owner, agent: one, task } = await busyAgent();
  const stop = await orderStop(house, owner.id, { agent: one.name, reason: 'reads what it should not' });
  assert.deepEqual([stop.tasksEnded, stop.tokensEnded], [1, 1]);
  const seen = await untilConfirmed(stop);
  assert.deepEqual(
    seen.receipts.map(({ point: id, state }) => [id, state]),
    [[point, 'confirmed']],
  );
  assert.equal(seen.callsCut, 3);
  assert.equal((await facts.agent(one.id))?.state, 'suspended');
  const { rows: tasks } = await db.query<{ state: string }>('select state from task where id = $1', [task.id]);
  assert.deepEqual(tasks, [{ state: 'ended' }]);
  const types = (await eventsAbout(db, one.id)).map(({ type }) => type);
  assert.deepEqual(types.slice(-2), ['agent.moved', 'stop.ordered']);
  assert.equal((await findStopByChange(db, stop.change))?.id, stop.id);
});

test('what is announced names the agent as stopped and cuts its tasks off', async () => {
  const { owner, agent: one, task } = await busyAgent();
  const announced = await announcedBy(db, () => orderStop(house, owner.id, { agent: one.id, reason: 'x' }));
  assert.deepEqual(announced, [`changed ${one.id}`, `stopped ${one.id}`, `changed ${task.id}`, `cutoff ${task.id}`]);
});

test('only lifting the stop lets the agent act again, and its tasks stay ended', async () => {
  const { owner, agent: one, task } = await busyAgent();
  await orderStop(house, owner.id, { agent: one.id, reason: 'x' });
  await assert.rejects(moveAgent({ ...house, isStopped }, owner.id, { agent: one.id, to: 'active', reason: 'around it' }), {
    code: 'agent.move_refused',
  });
  const lifted = await liftStop(house, owner.id, { agent: one.id, reason: 'looked at' });
  assert.ok(lifted.liftedAt !== null);
  assert.equal(await isStopped(db, one.id), false);
  const { rows: tasks } = await db.query<{ state: string }>('select state from task where id = $1', [task.id]);
  assert.deepEqual(tasks, [{ state: 'ended' }]);
  await assert.rejects(liftStop(house, owner.id, { agent: one.id, reason: 'again' }), { code: 'stop.not_found' });
});

test('a retired or draft agent cannot be stopped, and stopping a stopped one is a stop of its own', async () => {
  const owner = await human();
  for (const state of ['draft', 'retired'] as const) {
    const one = await agent({ owner: owner.id, state });
    await assert.rejects(orderStop(house, owner.id, { agent: one.id, reason: 'x' }), { code: 'agent.move_refused' });
  }
  const { agent: one } = await busyAgent();
  const first = await orderStop(house, owner.id, { agent: one.id, reason: 'x' });
  const second = await orderStop(house, owner.id, { agent: one.id, reason: 'y' });
  assert.notEqual(first.id, second.id);
  assert.equal((await untilConfirmed(second)).receipts[0]?.state, 'confirmed');
});

test('a point that is silent for longer than its lease is closed, not confirmed', async () => {
  const { owner, agent: one } = await busyAgent();
  await db.query(
    `insert into enforcement_point (id, name, change, started_at, seen_at)
     values ('pnt_gone', 'gone', 0, clock_timestamp() - interval '1 hour', clock_timestamp() - interval '2500 milliseconds')`,
  );
  const stop = await orderStop(house, owner.id, { agent: one.id, reason: 'x' });
  const seen = await viewStop(view, stop);
  assert.deepEqual(seen.receipts.find(({ point: id }) => id === 'pnt_gone')?.state, 'closed');
});

test('when the record cannot be written, nothing is stopped', async () => {
  const { owner, agent: one } = await busyAgent();
  await db.query('alter table stop add constraint broken check (false) not valid');
  await assert.rejects(orderStop(house, owner.id, { agent: one.id, reason: 'x' }));
  await db.query('alter table stop drop constraint broken');
  const { rows: now } = await db.query<{ state: string }>('select state from agent where id = $1', [one.id]);
  assert.deepEqual(now, [{ state: 'active' }]);
});
