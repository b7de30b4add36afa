import assert from 'node:assert/strict';
import type { AgentId } from '@surety/contract/id';
import { test } from 'vitest';
import { pruneChanges } from '#change/prune-changes';
import { changeHuman } from '#registry/change-human';
import { moveAgent } from '#registry/move-agent';
import { openNode } from '#registry/testing/node';
import { heldClock, residents } from '#registry/testing/residents';
import { openAuthorityFacts } from './authority-facts.ts';
import { type OpenTask, openTask } from './open-task.ts';
import { getTask } from './task-store.ts';

const { db, feed, upToDate } = await openNode();
const { clock } = heldClock();
const { human, agent } = residents(db, clock);
const house = { db, clock };
const facts = openAuthorityFacts({ db, feed });

const open = (agentId: AgentId, change: Partial<OpenTask> = {}) =>
  db.transaction((tx) =>
    openTask(tx, clock, 'hum_x', { agent: agentId, trigger: 'agent', purpose: 'work', lifetimeSeconds: 3600, ...change }),
  );

async function blink(id: AgentId): Promise<void> {
  await moveAgent(house, 'hum_x', { agent: id, to: 'suspended', reason: 'test' });
  await moveAgent(house, 'hum_x', { agent: id, to: 'active', reason: 'test' });
  await upToDate();
}

test('a task that was opened before its agent was suspended stays over when the agent is active again; a new one is open', async () => {
  const one = await agent({ state: 'active' });
  const before = await open(one.id);
  assert.equal((await facts.task(before.id))?.state, 'open');
  await blink(one.id);
  assert.equal((await facts.task(before.id))?.state, 'ended');
  assert.equal((await getTask(db, before.id)).state, 'ended');
  const after = await open(one.id);
  assert.equal((await facts.task(after.id))?.state, 'open');
});

test('an agent above that was suspended for a moment leaves no whole chain below it, and its sibling lives', async () => {
  const [root, middle, leaf, other] = [
    await agent({ state: 'active' }),
    await agent({ state: 'active' }),
    await agent({ state: 'active' }),
    await agent({ state: 'active' }),
  ];
  const top = await open(root.id);
  const [one, sibling] = [await open(middle.id, { parent: top.id }), await open(other.id, { parent: top.id })];
  const below = await open(leaf.id, { parent: one.id });
  const states = async (id: string) => (await facts.chain(id))?.map(({ state }) => state);
  assert.deepEqual(await states(below.id), ['open', 'open', 'open']);
  await blink(middle.id);
  assert.deepEqual(await states(below.id), ['open', 'ended', 'open']);
  assert.deepEqual(await states(sibling.id), ['open', 'open']);
});

test('a person who asked and was suspended, and an owner who was, leave nothing open behind them', async () => {
  const [asker, owner] = [await human(), await human({ roles: ['owner'] })];
  const [asked, owned] = [await agent({ state: 'active' }), await agent({ state: 'active', owner: owner.id })];
  const tasks = [await open(asked.id, { requester: asker.id, trigger: 'human' }), await open(owned.id)];
  for (const { id } of [asker, owner])
    for (const state of ['suspended', 'active'] as const) await changeHuman(house, 'hum_x', { human: id, state });
  await upToDate();
  for (const { id } of tasks) assert.equal((await facts.task(id))?.state, 'ended');
  assert.equal((await facts.task((await open(owned.id)).id))?.state, 'open');
});

// Last: what this does to the table, the feed rightly takes for a database that was put back in time.
test('it stays over when the changes that said so are long forgotten', async () => {
  const one = await agent({ state: 'active' });
  const task = await open(one.id);
  await blink(one.id);
  await db.query("update change set at = at - interval '3 days'");
  await pruneChanges(db);
  const { rows } = await db.query<{ count: number }>("select count(*) as count from change where key = $1 and what = 'cutoff'", [
    one.id,
  ]);
  assert.equal(rows[0]?.count, 0);
  assert.equal((await getTask(db, task.id)).state, 'ended');
});
