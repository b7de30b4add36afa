import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { BeginResult, GuardHouse, Look } from '@surety/contract/enforcement';
import { createNonceSource } from '@surety/proof/nonce';
import { test } from 'vitest';
import { labelOperation } from '#catalogue/label-operation';
import { openTask } from '#delegation/open-task';
import { declassifyTask, readTaskFlow } from '#flow/declassify-task';
import type { Flow } from '#flow/open-flow';
import { pruneFlow } from '#flow/prune-flow';
import { silentLog } from '#kernel/log';
import type { CommitQueue } from '#ledger/commit-queue';
import { eventsAbout } from '#registry/testing/residents';
import { openGuardHouse } from './guard-house.ts';
import { openInFlight } from './in-flight.ts';
import { guarded, refundAgent } from './testing/guarded.ts';

const all = await guarded();
const { db, guard, feed, clock, house } = all;
const brief = { holdMs: 0, signal: new AbortController().signal };
const done = { state: 'completed', milliseconds: 1 } as const;

const iban = 'gb33bukb20201555555555';
const outsiders: Look = {
  labels: ['untrusted'],
  values: [{ kind: 'iban', value: 'GB33BUKB20201555555555', isUntrusted: true, labels: ['untrusted'] }],
};

/** An agent that may refund, and an operation whose `to` says where the money goes. */
async function payer() {
  const one = await refundAgent(all);
  const guards = [{ pointer: '/to', of: 'destination' as const }];
  await labelOperation(house, one.owner.id, { system: one.system.id, operation: 'refund', guards });
  await hear();
  return one;
}

async function hear(): Promise<void> {
  const { rows } = await db.query<{ newest: number }>('select max(number) as newest from change');
  await feed.waitFor(rows[0]?.newest ?? 0, 5000);
}

const labelsOf = async (task: string) => (await readTaskFlow(db, task)).labels.map(({ name }) => name);
const payTo = (to: string) => `{"amount":5,"to":"${to}"}`;

/** A guard of another node, or of this one with a commit queue that a test holds in its hand. */
function otherGuard(more: { readonly queue?: CommitQueue; readonly flow?: Flow } = {}): GuardHouse {
  return openGuardHouse({
    ...all,
    authenticator: { authenticate: () => Promise.reject(new Error('callers are made here')) } as never,
    inFlight: openInFlight(feed),
    nonces: createNonceSource(randomBytes(32)),
    reread: () => undefined,
    log: silentLog,
    point: all.point.id,
    approvalSeconds: 600,
    ...more,
  });
}

async function began(by: GuardHouse, one: Awaited<ReturnType<typeof payer>>, text = '{"amount":1}'): Promise<BeginResult> {
  return by.begin(one.caller(), one.call(text), brief);
}

test('what was seen is part of the tree when the outcome is durable, and the next call is decided on it', async () => {
  const one = await payer();
  const first = await began(guard, one);
  assert.deepEqual(await labelsOf(one.task.id), []);
  await guard.settle(first.actionId, done, outsiders);
  assert.deepEqual(await labelsOf(one.task.id), ['untrusted']);
  const [label] = await eventsAbout(db, one.task.id).then((all) => all.filter(({ type }) => type === 'task.labelled'));
  assert.deepEqual(label?.data, { labels: ['untrusted'], system: one.system.name, operation: 'refund', action: first.actionId });
  const next = await began(guard, one, payTo(iban));
  assert.deepEqual([next.kind, next.decision.reason, next.decision.link], ['held', 'held.flow', 'flow']);
  assert.match(next.decision.because, new RegExp(`${one.system.name}.*refund`));
  assert.equal((await began(guard, one, '{"amount":6}')).kind, 'go');
});

test('a house that stops between the labels and the outcome has the labels, and releases nothing', async () => {
  const one = await payer();
  const broken: CommitQueue = {
    commit: (unit) =>
      unit.entries.some(({ type }) => type === 'call.completed') ? new Promise(() => {}) : all.queue.commit(unit),
    close: async () => {},
  };
  const stopping = otherGuard({ queue: broken });
  const first = await began(stopping, one);
  let isReleased = false;
  void stopping.settle(first.actionId, done, outsiders).then(() => (isReleased = true));
  for (let tries = 0; tries < 200 && (await labelsOf(one.task.id)).length === 0; tries++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual([await labelsOf(one.task.id), isReleased], [['untrusted'], false]);
  assert.deepEqual(
    (await eventsAbout(db, first.actionId)).map(({ type }) => type),
    ['call.intended'],
  );
  assert.equal((await began(guard, one, payTo(iban))).decision.reason, 'held.flow');
});

test('an intent that was decided on the older tree is decided again', async () => {
  const one = await payer();
  const earlier = await began(guard, one);
  let held = 0;
  const late: CommitQueue = {
    commit: async (unit) => {
      if (held === 0 && unit.entries.some(({ type }) => type === 'call.intended')) {
        held++;
        await guard.settle(earlier.actionId, done, outsiders);
      }
      return all.queue.commit(unit);
    },
    close: async () => {},
  };
  const result = await began(otherGuard({ queue: late }), one, payTo(iban));
  assert.equal(held, 1);
  assert.deepEqual([result.kind, result.decision.reason], ['held', 'held.flow']);
});

test('a call of a tree that has seen nothing stands on its root: what it gains meanwhile is found at the commit', async () => {
  const one = await payer();
  const system = await guard.system(one.system.name);
  const operation = system?.operations.get('refund');
  assert.ok(system && operation);
  const clean = await all.flow.gather({ tasks: [one.task], system, operation, arguments: {}, isAsked: false });
  assert.deepEqual(clean, { facts: undefined, keys: [one.task.id] });
});

test('a label that a person takes away comes back with the next answer that has it', async () => {
  const one = await payer();
  await guard.settle((await began(guard, one)).actionId, done, outsiders);
  const asked = { task: one.task.id, label: 'untrusted', reason: 'read' };
  await declassifyTask(house, one.owner.id, asked);
  await assert.rejects(declassifyTask(house, one.owner.id, asked), { code: 'label.not_found' });
  assert.deepEqual(await labelsOf(one.task.id), []);
  assert.equal((await began(guard, one, payTo(iban))).kind, 'go');
  await guard.settle((await began(guard, one)).actionId, done, outsiders);
  assert.deepEqual(await labelsOf(one.task.id), ['untrusted']);
  const again = await began(guard, one, payTo('de89370400440532013000'));
  assert.equal(again.decision.reason, 'held.flow');
});

test('the same answer again writes nothing but its outcome', async () => {
  const one = await payer();
  const count = async () => (await readTaskFlow(db, one.task.id)).values;
  await guard.settle((await began(guard, one)).actionId, done, outsiders);
  assert.equal(await count(), 1);
  const units: number[] = [];
  const counting: CommitQueue = {
    commit: (unit) => {
      if (unit.entries.some(({ type }) => type === 'call.completed')) units.push(unit.sights?.length ?? 0);
      return all.queue.commit(unit);
    },
    close: async () => {},
  };
  const by = otherGuard({ queue: counting, flow: all.flow });
  for (let times = 0; times < 3; times++) await by.settle((await began(by, one)).actionId, done, outsiders);
  assert.deepEqual([units.at(-1), await count()], [0, 1]);
});

test('values of one answer that many results share are kept once, with the labels of all', async () => {
  const one = await payer();
  const [a, b] = [await began(guard, one), await began(guard, one)];
  const with2 = (label: string): Look => ({
    labels: [label],
    values: [{ kind: 'email', value: 'x@y.example', isUntrusted: false, labels: [label] }],
  });
  await Promise.all([guard.settle(a.actionId, done, with2('customer')), guard.settle(b.actionId, done, with2('pii'))]);
  const { rows } = await db.query<{ labels: string[] }>('select labels from tree_value where root = $1', [one.task.id]);
  assert.deepEqual(rows, [{ labels: ['customer', 'pii'] }]);
  assert.deepEqual((await labelsOf(one.task.id)).toSorted(), ['customer', 'pii']);
});

test('a task that the agent opens for itself goes on from what its instance has seen; one that a person asked for does not', async () => {
  const one = await payer();
  const instance = one.caller().credential;
  const opened = { agent: one.agent.id, trigger: 'agent', purpose: 'p', lifetimeSeconds: 600 } as const;
  const open = (input: object) => db.transaction((tx) => openTask(tx, clock, one.agent.id, { ...opened, ...input }));
  const before = await open({ instance });
  const caller = () => ({ ...one.caller(), task: before.id });
  const begun = await guard.begin(caller(), one.call('{"amount":1}'), brief);
  await guard.settle(begun.actionId, done, outsiders);
  const next = await open({ instance });
  assert.deepEqual((await readTaskFlow(db, next.id)).from, [before.id]);
  assert.equal(
    (await guard.begin({ ...one.caller(), task: next.id }, one.call(payTo(iban)), brief)).decision.reason,
    'held.flow',
  );
  const asked = await open({ instance, trigger: 'human', requester: one.owner.id });
  const other = await open({ instance: 'crd_00000000000000000000000000' });
  for (const { id } of [asked, other]) assert.deepEqual((await readTaskFlow(db, id)).from, []);
  await db.query(`update task set expires_at = created_at - interval '25 hours' where id = $1`, [before.id]);
  assert.deepEqual((await readTaskFlow(db, next.id)).from, []);
});

test('what is over is forgotten, and what is not is kept', async () => {
  const one = await payer();
  await guard.settle((await began(guard, one)).actionId, done, outsiders);
  await pruneFlow({ db, clock: () => clock() + 71 * 3_600_000 });
  assert.deepEqual(await labelsOf(one.task.id), ['untrusted']);
  await pruneFlow({ db, clock: () => clock() + 80 * 3_600_000 });
  assert.deepEqual([await labelsOf(one.task.id), (await readTaskFlow(db, one.task.id)).values], [[], 0]);
});
