import assert from 'node:assert/strict';
import type { AgentId, HumanId } from '@surety/contract/id';
import { Task } from '@surety/contract/task';
import fc from 'fast-check';
import { test } from 'vitest';
import { newId } from '#kernel/id';
import { record } from '#ledger/record';
import { changeHuman } from '#registry/change-human';
import { openNode } from '#registry/testing/node';
import { announcedBy, eventsAbout, heldClock, residents } from '#registry/testing/residents';
import { house } from '#testing/house';
import { openAuthorityFacts } from './authority-facts.ts';
import { endTask } from './end-task.ts';
import { taskFor, taskOpened } from './mint-task.ts';
import { type OpenTask, openTask } from './open-task.ts';
import { isOpen, newTask } from './task.ts';
import { addTask, endTasksOf, findTask, getTask } from './task-store.ts';

const { db, feed, upToDate } = await openNode();
const { clock } = heldClock();
const { human, agent } = residents(db, clock);
const room = { db, clock };
const facts = openAuthorityFacts({ db, feed });

const open = (agentId: AgentId, change: Partial<OpenTask> = {}, on = db) =>
  on.transaction((tx) =>
    openTask(tx, clock, 'hum_x', {
      agent: agentId,
      trigger: 'agent',
      purpose: 'answer a letter',
      lifetimeSeconds: 3600,
      ...change,
    }),
  );

test("a task on the agent's own trigger is answered for by its owner; it is stored, and the record says so", async () => {
  const one = await agent({ state: 'active' });
  const task = await open(one.id);
  assert.ok(Task.safeParse(task).success);
  assert.equal(task.requester, one.id);
  assert.equal(task.answerable, one.owner);
  assert.deepEqual(await getTask(db, task.id), task);
  assert.deepEqual(await eventsAbout(db, task.id), [
    {
      type: 'task.opened',
      actor: 'hum_x',
      data: { agent: one.id, answerable: one.owner, trigger: 'agent', expiresAt: task.expiresAt },
    },
  ]);
});

test('a task that a person asked for is answered for by that person', async () => {
  const [one, requester] = [await agent({ state: 'active' }), await human()];
  const task = await open(one.id, { requester: requester.id, trigger: 'human' });
  assert.deepEqual([task.requester, task.answerable], [requester.id, requester.id]);
});

test('no task is opened for an agent that is not active, by a person who is not, or under a task that is over', async () => {
  for (const state of ['draft', 'suspended', 'retired'] as const) {
    await assert.rejects(open((await agent({ state })).id), { code: 'grant.refused' });
  }
  const one = await agent({ state: 'active' });
  await assert.rejects(open(one.id, { requester: (await human({ state: 'left' })).id }), { code: 'human.not_active' });
  await changeHuman(room, 'hum_x', { human: one.owner, state: 'suspended' });
  await assert.rejects(open(one.id), { code: 'human.not_active' });
  const other = await agent({ state: 'active' });
  const parent = await open(other.id);
  await endTask(room, 'hum_x', { task: parent.id });
  await assert.rejects(open(other.id, { parent: parent.id }), { code: 'grant.refused' });
  await assert.rejects(open(other.id, { parent: `tsk_${'0'.repeat(26)}` }), { code: 'task.not_found' });
});

test('a child answers to the same person as its parent, whoever is named, and ends no later', async () => {
  const [one, other, eve] = [await agent({ state: 'active' }), await agent({ state: 'active' }), await human()];
  const parent = await open(one.id, { lifetimeSeconds: 60 });
  const child = await open(other.id, { parent: parent.id, requester: eve.id, lifetimeSeconds: 86_400 });
  assert.equal(child.answerable, parent.answerable);
  assert.equal(child.expiresAt, parent.expiresAt);
});

test('no chain of tasks outlives its root', () => {
  const agentId = newId<AgentId>('agent');
  const human = newId<HumanId>('human');
  fc.assert(
    fc.property(
      fc.array(fc.record({ lifetimeSeconds: fc.integer({ min: 1, max: 10_000_000 }), after: fc.nat(100_000) }), {
        minLength: 1,
        maxLength: 8,
      }),
      (links) => {
        let now = 1_772_442_000_000;
        let parent: Task | undefined;
        for (const { lifetimeSeconds, after } of links) {
          const child: Task = newTask({ agent: agentId, answerable: human, purpose: 'p', lifetimeSeconds, parent }, now);
          if (parent !== undefined) assert.ok(Date.parse(child.expiresAt) <= Date.parse(parent.expiresAt));
          parent = child;
          now += after;
        }
      },
    ),
  );
});

test('a task is open until its end and not at it', () => {
  const task = newTask(
    { agent: newId<AgentId>('agent'), answerable: newId<HumanId>('human'), purpose: 'p', lifetimeSeconds: 10 },
    1_000_000,
  );
  assert.ok(isOpen(task, 1_009_999));
  assert.ok(!isOpen(task, 1_010_000));
  assert.ok(!isOpen({ ...task, state: 'ended' }, 1_000_000));
});

test("whoever names no task gets one of its own, for its purpose, under its owner; storing it is the issuer's part", async () => {
  const one = await agent({ state: 'active' });
  const task = taskFor(one, { now: clock(), seconds: 86_400 });
  assert.deepEqual(
    [task.agent, task.requester, task.answerable, task.trigger, task.purpose],
    [one.id, one.id, one.owner, 'agent', one.purpose],
  );
  assert.equal(await findTask(db, task.id), undefined);
  await db.transaction(async (tx) => {
    await addTask(tx, task);
    await record(tx, clock, taskOpened(task, one.id));
  });
  assert.deepEqual(await facts.task(task.id), task);
});

test('ending a task ends what hangs from it and nothing else, once, and cuts off the tokens of each', async () => {
  const one = await agent({ state: 'active' });
  const root = await open(one.id);
  const child = await open(one.id, { parent: root.id });
  const grandchild = await open(one.id, { parent: child.id });
  const sibling = await open(one.id);
  assert.equal((await facts.task(grandchild.id))?.state, 'open');
  const announced = await announcedBy(db, async () => {
    assert.equal((await endTask(room, 'hum_x', { task: root.id })).state, 'ended');
    assert.equal((await endTask(room, 'hum_x', { task: root.id })).state, 'ended');
  });
  assert.deepEqual(announced.sort(), [root, child, grandchild].flatMap(({ id }) => [`changed ${id}`, `cutoff ${id}`]).sort());
  assert.equal((await getTask(db, sibling.id)).state, 'open');
  await upToDate();
  assert.equal((await facts.task(grandchild.id))?.state, 'ended');
  for (const { id } of [root, child, grandchild]) {
    assert.ok(feed.cutoffOf(id) !== undefined);
    assert.deepEqual(
      (await eventsAbout(db, id)).map(({ type }) => type),
      ['task.opened', 'task.ended'],
    );
  }
  await assert.rejects(endTask(room, 'hum_x', { task: `tsk_${'0'.repeat(26)}` }), { code: 'task.not_found' });
});

test('everything an agent works on can be ended, with what others do for it', async () => {
  const [one, helper] = [await agent({ state: 'active' }), await agent({ state: 'active' })];
  const mine = await open(one.id);
  const theirs = await open(helper.id, { parent: mine.id });
  const own = await open(helper.id);
  const ended = await db.transaction((tx) => endTasksOf(tx, one.id));
  assert.deepEqual(
    ended.map(({ id }) => id),
    [mine.id, theirs.id].sort(),
  );
  assert.equal((await getTask(db, own.id)).state, 'open');
});

test('when the record cannot be written, no task was opened or ended', async () => {
  const broken = await house();
  const one = await residents(broken, clock).agent({ state: 'active' });
  const task = await open(one.id, {}, broken);
  await broken.query('alter table entry rename to entry_gone');
  await assert.rejects(open(one.id, {}, broken));
  await assert.rejects(endTask({ db: broken, clock }, 'hum_x', { task: task.id }));
  const { rows } = await broken.query('select id, state from task');
  assert.deepEqual(rows, [{ id: task.id, state: 'open' }]);
});
