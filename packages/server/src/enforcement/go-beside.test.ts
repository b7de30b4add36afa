import assert from 'node:assert/strict';
import type { BeginResult } from '@surety/contract/enforcement';
import type { Effect } from '@surety/contract/system';
import { createReplayTable } from '@surety/proof/replay-table';
import { afterAll, test } from 'vitest';
import { announce } from '#change/announce';
import { classifyOperation } from '#catalogue/classify-operation';
import { type CommitQueue, openCommitQueue } from '#ledger/commit-queue';
import { silentLog } from '#kernel/log';
import { eventsAbout } from '#registry/testing/residents';
import { beginCall } from './begin-call.ts';
import { guarded, refundAgent } from './testing/guarded.ts';

const all = await guarded();
const { db, guard, house, feed, queue } = all;
const brief = { holdMs: 50, signal: new AbortController().signal };

const closed = openCommitQueue({ url: 'postgres://nowhere/none', clock: house.clock, log: silentLog });
afterAll(() => closed.close());

/** An agent before a system inside the organisation, where a person says what `refund` does. */
async function agentInside(effect: Effect, inside = true) {
  const one = await refundAgent(all);
  const name = one.call('{}').system;
  await db.query(`update system set upstream = upstream || jsonb_build_object('inside', $2::boolean) where name = $1`, [
    name,
    inside,
  ]);
  const { rows } = await db.query<{ id: string }>('select id from system where name = $1', [name]);
  const id = rows[0]?.id ?? '';
  await classifyOperation(house, one.owner.id, { system: id, operation: 'refund', effect });
  const newest = await db.query<{ newest: number }>('select max(number) as newest from change');
  await feed.waitFor(newest.rows[0]?.newest ?? 0, 5000);
  return { ...one, system: { id, name } };
}

/** An enforcement point of its own over the same house. */
const room = (commits: CommitQueue = queue) => ({
  ...all,
  queue: commits,
  proofs: createReplayTable({ capacity: 100 }),
  point: all.point.id,
  approvalSeconds: 60,
  clock: house.clock,
});

const durableOf = async (result: BeginResult) => (result.kind === 'go' ? result.durable : undefined);
const typesOf = async (action: string) => (await eventsAbout(db, action)).map(({ type }) => type).sort();

test('a read that a person classified, inside the organisation, goes beside its commit; its outcome follows the intent', async () => {
  const one = await agentInside('read');
  const result = await guard.begin(one.caller(), one.call('{"amount":1}'), brief);
  const end = await durableOf(result);
  assert.deepEqual([result.kind, end?.kind, end?.actionId], ['go', 'go', result.actionId]);
  assert.deepEqual(await typesOf(result.actionId), ['call.intended']);
  await guard.settle(result.actionId, { state: 'completed', milliseconds: 1 });
  assert.deepEqual(await typesOf(result.actionId), ['call.completed', 'call.intended']);
});

test('nothing else does: no write, no read elsewhere, none that only a rule classified, none that waited for a person', async () => {
  const elsewhere = await agentInside('read', false);
  const write = await agentInside('write');
  const guessed = await agentInside('read');
  await db.query(
    `update system set operations = (select jsonb_agg(one || '{"effectBy": "heuristic"}') from jsonb_array_elements(operations) one)
     where id = $1`,
    [guessed.system.id],
  );
  const number = await db.transaction((tx) => announce(tx, [{ what: 'changed', key: guessed.system.id }]));
  await feed.waitFor(number, 5000);
  for (const one of [elsewhere, write, guessed]) {
    const result = await guard.begin(one.caller(), one.call('{"amount":1}'), brief);
    assert.equal(result.kind, 'go');
    assert.equal(await durableOf(result), undefined);
    assert.deepEqual(await typesOf(result.actionId), ['call.intended']);
  }
  const inside = await agentInside('read');
  assert.equal((await guard.begin(inside.caller(), inside.call('{"amount":420}'), brief)).kind, 'held');
  assert.equal((await guard.begin(inside.caller(), inside.call('{"amount":2000}'), brief)).kind, 'refused');
});

test('with a proof that came by before, it waits for its commit, and that refuses it', async () => {
  const one = await agentInside('read');
  const caller = one.caller();
  const results = await Promise.all(Array.from({ length: 20 }, () => guard.begin(caller, one.call('{"amount":1}'), brief)));
  assert.equal(results.filter((result) => result.kind === 'go' && result.durable !== undefined).length, 1);
  const ends = await Promise.all(results.map(async (result) => (await durableOf(result)) ?? result));
  assert.equal(ends.filter(({ kind }) => kind === 'go').length, 1);
  assert.ok(ends.every(({ kind, decision }) => kind === 'go' || decision.reason === 'proof.replayed'));
});

test('with a proof that was used at another point, it is denied, said to be cut, and has no outcome', async () => {
  const one = await agentInside('read');
  const caller = one.caller();
  const results = await Promise.all(Array.from({ length: 20 }, () => beginCall(room(), caller, one.call('{"amount":1}'), brief)));
  assert.ok(results.every(({ kind }) => kind === 'go'));
  const ends = await Promise.all(results.map(durableOf));
  assert.equal(ends.filter((end) => end?.kind === 'go').length, 1);
  for (const [at, end] of ends.entries()) {
    if (end?.kind === 'go') continue;
    assert.deepEqual([end?.kind, end?.decision.reason, end?.actionId], ['refused', 'proof.replayed', results[at]?.actionId]);
    assert.deepEqual(await typesOf(end?.actionId ?? ''), ['call.cut', 'call.denied']);
    await assert.rejects(guard.settle(end?.actionId ?? '', { state: 'completed', milliseconds: 1 }), { code: 'internal' });
  }
});

test('decided on what has changed before the commit, it is denied and said to be cut, and its proof is spent', async () => {
  const one = await agentInside('read');
  const caller = one.caller();
  const late: CommitQueue = {
    ...queue,
    commit: async (unit) => {
      if (unit.fence !== undefined) await db.transaction((tx) => announce(tx, [{ what: 'changed', key: one.agent.id }]));
      return queue.commit(unit);
    },
  };
  const begin = (commits: CommitQueue) => beginCall(room(commits), caller, one.call('{"amount":1}'), brief);
  const result = await begin(late);
  const end = await durableOf(result);
  assert.deepEqual([end?.kind, end?.decision.reason], ['refused', 'house.not_ready']);
  assert.deepEqual(await typesOf(result.actionId), ['call.cut', 'call.denied']);
  const again = await durableOf(await begin(queue));
  assert.equal(again?.decision.reason, 'proof.replayed');
});

test('when nothing can be recorded, the commit is refused and nothing runs', async () => {
  const one = await agentInside('read');
  const result = await beginCall(room(closed), one.caller(), one.call('{"amount":1}'), brief);
  await assert.rejects(durableOf(result), { code: 'service.not_ready' });
  await assert.rejects(guard.settle(result.actionId, { state: 'completed', milliseconds: 1 }), { code: 'internal' });
});
