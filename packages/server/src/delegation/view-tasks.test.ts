import assert from 'node:assert/strict';
import type { HopGrant } from '@surety/contract/delegation';
import { TaskView } from '@surety/contract/task';
import { test } from 'vitest';
import { record } from '#ledger/record';
import { moveAgent } from '#registry/move-agent';
import { heldClock, residents } from '#registry/testing/residents';
import { house } from '#testing/house';
import { hopSentences } from './hop-sentences.ts';
import { openTask } from './open-task.ts';
import { newTask } from './task.ts';
import { addTask } from './task-store.ts';
import { viewTasks } from './view-tasks.ts';

const db = await house();
const { clock } = heldClock(Date.now());
const { human, agent, keyOf } = residents(db, clock);

const grant: HopGrant = {
  details: [
    {
      type: 'agent_action',
      locations: ['http://127.0.0.1:7071/mcp/payments'],
      actions: ['invoke'],
      identifier: 'refund',
      constraints: { '/amount': { max: '50' } },
    },
  ],
  scope: 'call',
  audiences: null,
  depthLeft: 0,
  expiresAt: '2027-01-01T00:00:00.000Z',
};

async function tree() {
  const owner = await human({ roles: ['owner'] });
  const [root, left, right] = await Promise.all([1, 2, 3].map(() => agent({ owner: owner.id, state: 'active' })));
  assert.ok(root && left && right);
  const key = await keyOf(root.id);
  const top = newTask(
    { agent: root.id, answerable: owner.id, purpose: 'buy', lifetimeSeconds: 3600, instance: key.credential },
    clock(),
  );
  const under = (id: typeof left.id) =>
    newTask(
      { agent: id, answerable: owner.id, requester: root.id, purpose: 'buy', lifetimeSeconds: 600, parent: top, grant },
      clock(),
    );
  const tasks = [top, under(left.id), under(right.id)];
  for (const task of tasks) await addTask(db, task);
  return { owner, root, left, right, key, tasks };
}

const all = { all: false, limit: 100 } as const;

test('the tree of any of its tasks comes from the top, with names, what was handed on in words, and the calls so far', async () => {
  const { owner, root, left, right, tasks } = await tree();
  const [top, one] = tasks;
  const intended = {
    agent: left.id,
    answerable: owner.id,
    credential: 'crd_x',
    system: 'payments',
    operation: 'refund',
    effect: 'money',
    callDigest: 'x',
    reason: 'permitted',
    link: 'mandate',
    policies: [],
    mandate: null,
    mandateVersion: null,
    policyVersion: 1,
    change: 1,
    inputs: 'x',
    approval: null,
    point: 'p',
  } as never;
  await db.transaction((tx) =>
    record(tx, clock, { type: 'call.intended', actor: left.id, about: 'act_x', task: one?.id, data: intended }),
  );
  for (const { id } of tasks) {
    const found = await viewTasks(db, { ...all, tree: id }, clock());
    assert.deepEqual(
      found.map(({ agentName, requesterName, answerableName, calls, depth }) => [
        agentName,
        requesterName,
        answerableName,
        calls,
        depth,
      ]),
      [
        [root.name, root.name, owner.displayName, 0, 0],
        [left.name, root.name, owner.displayName, 1, 1],
        [right.name, root.name, owner.displayName, 0, 1],
      ],
    );
    for (const view of found) assert.ok(TaskView.safeParse(view).success);
    assert.deepEqual(found[0]?.handedOn, []);
    assert.deepEqual(found[1]?.handedOn, [
      'May call payments.refund when /amount is at most 50; until 1 Jan 2027 00:00 UTC.',
      'May not be handed on.',
    ]);
  }
  assert.equal((await viewTasks(db, { ...all, agent: left.name }, clock()))[0]?.id, one?.id);
  await assert.rejects(viewTasks(db, { ...all, tree: `${top?.id.slice(0, -1)}0` }, clock()), { code: 'task.not_found' });
  await assert.rejects(viewTasks(db, { ...all, agent: 'nobody' }, clock()), { code: 'agent.not_found' });
});

test('what hangs from a task that is over is shown as over; what is over is not among the open ones', async () => {
  const { root, left, tasks, key } = await tree();
  const house = { db, clock };
  const states = async () => (await viewTasks(db, { ...all, tree: String(tasks[1]?.id) }, clock())).map(({ state }) => state);
  const open = async (filter: object) => (await viewTasks(db, { ...all, ...filter }, clock())).map(({ id }) => id);
  assert.deepEqual(await states(), ['open', 'open', 'open']);
  assert.deepEqual(await open({ instance: key.credential }), [tasks[0]?.id]);
  await moveAgent(house, 'hum_x', { agent: left.id, to: 'suspended', reason: 'test' });
  assert.deepEqual(await states(), ['open', 'ended', 'open']);
  assert.deepEqual(await open({ agent: left.id }), []);
  assert.deepEqual(await open({ agent: left.id, all: true }), [tasks[1]?.id]);
  await moveAgent(house, 'hum_x', { agent: root.id, to: 'suspended', reason: 'test' });
  assert.deepEqual(await states(), ['ended', 'ended', 'ended']);
  assert.deepEqual(await open({ instance: key.credential }), []);
});

test('a task that expired is not open, and of two the newer is first', async () => {
  const one = await agent({ state: 'active' });
  const open = (lifetimeSeconds: number) =>
    db.transaction((tx) => openTask(tx, clock, 'hum_x', { agent: one.id, trigger: 'agent', purpose: 'x', lifetimeSeconds }));
  const [short, first, second] = [await open(1), await open(3600), await open(3600)];
  const found = await viewTasks(db, { ...all, agent: one.id }, clock() + 2_000);
  assert.deepEqual(
    found.map(({ id }) => id),
    [second.id, first.id],
  );
  assert.equal((await viewTasks(db, { ...all, all: true, agent: one.id }, clock())).at(-1)?.id, short.id);
  assert.equal((await viewTasks(db, { ...all, limit: 1, agent: one.id }, clock())).length, 1);
});

test('a hop that narrows nothing says so, and how far it may be handed on', async () => {
  const task = { agent: 'agt_01k9z7qh4m8y2c3d4e5f6g7h8j' as never, purpose: 'x' };
  const words = (depthLeft: number) => hopSentences({ ...task, grant: { ...grant, details: null, depthLeft } });
  assert.deepEqual(words(1), [
    'All that whoever handed it on may pass on; until 1 Jan 2027 00:00 UTC.',
    'May be handed on once more.',
  ]);
  assert.equal(words(3)[1], 'May be handed on over 3 hops more.');
  assert.deepEqual(hopSentences({ ...task, grant: null }), []);
});
