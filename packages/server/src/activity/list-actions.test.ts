import assert from 'node:assert/strict';
import type { Action } from '@surety/contract/activity';
import { getAction, listActions } from '@surety/contract/oversight-routes';
import { test } from 'vitest';
import { expireApprovals } from '#approval/expire-approvals';
import { newId } from '#kernel/id';
import { entryOf, recordEntry } from '#ledger/record';
import { actingAgent, activityHouse, idOf } from './testing/activity-house.ts';

const house = await activityHouse();
const { db, ask } = house;
const done = { state: 'completed', resultDigest: 'd', resultBytes: 10, milliseconds: 3 } as const;

/** What the list tells of one agent, newest first, as `state reason`. */
async function told(agent: string, more: Partial<Parameters<typeof ask<typeof listActions>>[1]> = {}): Promise<Action[]> {
  return (await ask(listActions, { agent: agent as Action['agent'], ...more } as never)).items;
}
const words = (actions: readonly Action[]) => actions.map(({ state, reason }) => `${state} ${reason}`);

test('what became of a call: allowed, failed, cut, running, denied, held', async () => {
  const one = await actingAgent(house);
  await one.act('{"amount":1}', done);
  await one.act('{"amount":2}', { state: 'failed', problem: 'system.unreachable', milliseconds: 4 });
  await one.act('{"amount":3}', { state: 'cut', problem: 'stopped', milliseconds: 5 });
  await one.act('{"amount":4}');
  await one.begin('{"amount":5000}');
  await one.park('{"amount":300}');
  const actions = await told(one.agent.id);
  assert.deepEqual(words(actions), [
    'held held.mandate',
    'denied mandate.constraint',
    'running permitted',
    'cut permitted',
    'failed permitted',
    'allowed permitted',
  ]);
  assert.deepEqual(
    actions.map(({ milliseconds }) => milliseconds),
    [null, null, null, 5, 4, 3],
  );
  const [held] = actions;
  assert.ok(held);
  assert.deepEqual([held.agentName, held.answerable, held.answerableName], [one.agent.name, one.owner.id, one.owner.displayName]);
  assert.deepEqual([held.system, held.operation, held.effect, held.summary], [one.system.name, 'refund', 'money', 'amount 300']);
  assert.match(held.because, /over 250/);
  assert.match(held.approval ?? '', /^apr_/);
  assert.deepEqual(await ask(getAction, { action: held.id }), held);
});

test('a call that was held and then ran is one action, told once, in the place of its run', async () => {
  const one = await actingAgent(house);
  const held = await one.park('{"amount":301}');
  await one.act('{"amount":1}', done);
  await one.say('{"amount":301}', 'approve');
  const ran = await one.begin('{"amount":301}', 5_000);
  assert.deepEqual([ran.kind, idOf(ran)], ['go', held]);
  await house.guard.settle(held, done);
  const actions = await told(one.agent.id);
  assert.deepEqual(words(actions), ['allowed approved', 'allowed permitted']);
  assert.equal(actions[0]?.id, held);
  assert.match(actions[0]?.approval ?? '', /^apr_/);
  const paged = await told(one.agent.id, { before: held });
  assert.deepEqual(
    paged.map(({ id }) => id),
    [actions[1]?.id],
    'and not once more on the next page, where it was held',
  );
});

test('a question that was answered with no, or by nobody, waits for no one: denied, with the answer as the reason', async () => {
  const one = await actingAgent(house);
  await one.park('{"amount":302}');
  await one.say('{"amount":302}', 'refuse');
  await one.park('{"amount":303}');
  await db.query(`update approval set expires_at = now() - interval '1 second' where agent = $1 and state = 'pending'`, [
    one.agent.id,
  ]);
  await expireApprovals(house.house);
  const actions = await told(one.agent.id);
  assert.deepEqual(words(actions), ['denied approval.expired', 'denied approval.refused']);
  assert.deepEqual(
    actions.map(({ link, because }) => `${link}: ${because}`),
    ['approval: Nobody answered in time.', 'approval: A person refused exactly this call.'],
  );
});

test('a call that was refused while its client waited is one action, denied, and says so', async () => {
  const one = await actingAgent(house);
  const waiting = one.begin('{"amount":304}', 5_000);
  while ((await told(one.agent.id)).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await one.say('{"amount":304}', 'refuse');
  await waiting;
  const actions = await told(one.agent.id);
  assert.deepEqual(words(actions), ['denied approval.refused']);
  assert.equal(actions[0]?.because, 'A person refused exactly this call.');
  assert.match(actions[0]?.approval ?? '', /^apr_/);
});

test('a call whose enforcement point is gone, or started after it, is unknown and not running', async () => {
  const one = await actingAgent(house);
  await one.act('{"amount":1}');
  const state = async () => words(await told(one.agent.id));
  assert.deepEqual(await state(), ['running permitted']);
  const { id, name } = house.point;
  const { rows } = await db.query<{ change: number; started_at: Date }>(
    'select change, started_at from enforcement_point where id = $1',
    [id],
  );
  await db.query(`update enforcement_point set started_at = now() + interval '1 minute' where id = $1`, [id]);
  assert.deepEqual(await state(), ['unknown permitted'], 'a point with this id that started later');
  await db.query('update enforcement_point set started_at = $2 where id = $1', [id, rows[0]?.started_at]);
  assert.deepEqual(await state(), ['running permitted']);
  await recordEntry(db, await intendedBy(`${id.slice(0, -3)}xyz`, one.agent.id));
  assert.equal((await state())[0], 'unknown permitted', `a point other than ${name} that nobody heard of`);
});

/** The newest intended call of an agent once more, carried by another point. */
async function intendedBy(point: string, agent: string) {
  const { rows } = await db.query<{ body: string; task: string }>(
    `select body, task from entry where actor = $1 and type = 'call.intended' order by id desc limit 1`,
    [agent],
  );
  const data = { ...(JSON.parse(rows[0]?.body ?? '{}') as { data: object }).data, point } as never;
  return entryOf(
    { type: 'call.intended', actor: agent, about: newId('action', house.clock()), task: rows[0]?.task, data },
    house.clock,
  );
}

test('filters: by agent (name or id), system and state', async () => {
  const [one, other] = [await actingAgent(house), await actingAgent(house)];
  await one.act('{"amount":1}', done);
  await one.begin('{"amount":5000}');
  await other.act('{"amount":1}', done);
  assert.equal((await told(one.agent.name)).length, 2);
  assert.deepEqual(words(await told(one.agent.id, { state: 'denied' })), ['denied mandate.constraint']);
  assert.deepEqual(await told(one.agent.id, { state: 'cut' }), []);
  assert.deepEqual(await told(one.agent.id, { system: other.system.name }), []);
  assert.deepEqual(
    (await ask(listActions, { system: other.system.name })).items.map(({ agent }) => agent),
    [other.agent.id],
  );
  await assert.rejects(told('nobody-by-this-name'), { code: 'agent.not_found' });
});

test('pages: before and after an action, each action on one page, whatever came meanwhile', async () => {
  const one = await actingAgent(house);
  const made: string[] = [];
  for (let count = 1; count <= 7; count++) made.unshift(await one.act(`{"amount":${count}}`, done));
  const pages: string[] = [];
  for (let before: Action['id'] | undefined; ;) {
    const page = await told(one.agent.id, { limit: 3, before });
    pages.push(...page.map(({ id }) => id));
    if (page.length === 0) break;
    before = page.at(-1)?.id;
    await one.act('{"amount":100}', done);
  }
  assert.deepEqual(pages, made);
  const third = made[2] as Action['id'];
  const after = await told(one.agent.id, { after: third });
  assert.deepEqual(after.map(({ id }) => id).slice(-2), made.slice(0, 2));
  assert.ok(!after.some(({ id }) => id === third));
  const between = await told(one.agent.id, { after: made[5] as Action['id'], before: made[1] as Action['id'] });
  assert.deepEqual(
    between.map(({ id }) => id),
    made.slice(2, 5),
  );
  const absent = newId<Action['id']>('action', house.clock());
  await assert.rejects(told(one.agent.id, { before: absent }), { code: 'action.not_found' });
  await assert.rejects(ask(getAction, { action: absent }), { code: 'action.not_found' });
});

test('a workload that tries is told by its name, with who answers for it', async () => {
  const one = await actingAgent(house);
  const { registerWorkload } = await import('#registry/register-workload');
  const workload = await registerWorkload(house.house, one.owner.id, {
    name: 'nightly',
    displayName: 'Nightly',
    owner: one.owner.id,
    deputies: [],
  });
  const caller = { ...one.caller(), principal: workload.id, kind: 'workload' as const };
  const result = await house.guard.begin(caller, one.call('{"amount":1}'), { holdMs: 0, signal: new AbortController().signal });
  assert.equal(result.kind, 'refused');
  const action = await ask(getAction, { action: idOf(result) });
  assert.deepEqual(
    [action.agent, action.agentName, action.answerableName, action.state],
    [workload.id, 'nightly', one.owner.displayName, 'denied'],
  );
});

test('attack: an entry that a database administrator made unreadable hides nothing but itself', async () => {
  const one = await actingAgent(house);
  await one.act('{"amount":1}', done);
  const victim = await one.act('{"amount":2}', done);
  await one.act('{"amount":3}', done);
  for (const body of ['not json', '{}', '{"data":{"reason":"because I say so"}}']) {
    await db.query(`update entry set body = $2 where about = $1 and type = 'call.intended'`, [victim, body]);
    assert.deepEqual(words(await told(one.agent.id)), ['allowed permitted', 'allowed permitted']);
    await assert.rejects(ask(getAction, { action: victim }), { code: 'action.not_found' });
  }
});

test('attack: arguments play no tricks on the line that sums them up', async () => {
  const one = await actingAgent(house);
  const id = await one.act(JSON.stringify({ amount: 1, note: `a\u202eb\nc\u0000${'x'.repeat(200)}` }), done);
  const { summary } = await ask(getAction, { action: id });
  assert.equal(summary.length, 80);
  assert.match(summary, /^amount 1, note a b c x+…$/);
});
