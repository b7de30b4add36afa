import assert from 'node:assert/strict';
import { PolicyChange } from '@surety/contract/lab';
import { test } from 'vitest';
import { findNewestMandate } from '#delegation/mandate-store';
import { publishPolicy } from '#policy/publish-policy';
import { readEffect } from './read-effect.ts';
import { labHouse, policyOf, recordedAgent, start } from './testing/lab-house.ts';

const house = await labHouse();
const { lab: room, db, clock } = house;
const window = { days: 1, seconds: 20 };
await publishPolicy({ db, clock }, 'hum_x', { text: start });

/** What one agent would gain or lose, in short. */
async function changesOf(agent: string, change: PolicyChange): Promise<string[]> {
  const { pairs } = await readEffect(room, change, window);
  assert.ok(pairs.complete);
  const own = pairs.changes.filter((one) => one.agent === agent);
  return own.map(({ operation, asks, before, after }) => `${operation} ${asks}: ${before} → ${after}`).sort();
}

test('of every live agent and operation it is said who gains and who loses, by itself and when its owner asks', async () => {
  const one = await recordedAgent(house);
  const { name } = one.system;
  await house.upToDate();
  const none = `${start}\n@id("no") @because("x") forbid (principal is Agent, action == Action::"${name}.refund", resource);`;
  // The mandate limits the amount, so that it depends on the arguments.
  assert.deepEqual(await changesOf(one.agent.id, policyOf(none)), ['refund agent: depends → no', 'refund owner: depends → no']);
  assert.deepEqual(await changesOf(one.agent.id, policyOf(`${start}\n// the same`)), []);
  const sometimes = `${none.slice(0, -1)} when { context.facts.depth > 0 };`;
  assert.deepEqual(await changesOf(one.agent.id, policyOf(sometimes)), [], 'it depended before, and it depends');
  const mayNot = { owner: { answersFor: start, may: '', description: '' } };
  assert.deepEqual(await changesOf(one.agent.id, PolicyChange.parse({ roles: mayNot })), ['refund owner: depends → no']);
});

test('a mandate that is proposed says what its agent would gain and lose, and which recorded calls', async () => {
  const one = await recordedAgent(house);
  await one.call({ amount: 20 });
  await one.call({ amount: 200 });
  await one.call({ amount: 2_000 });
  await house.upToDate();
  const stored = await findNewestMandate(db, one.agent.id);
  const document = stored?.document as { permissions: { system: string }[] };
  const wider = { ...document, permissions: [{ system: one.system.name, actions: ['*'] }] };
  const change = PolicyChange.parse({ mandate: wider });
  assert.deepEqual(await changesOf(one.agent.id, change), [
    'list agent: no → yes',
    'list owner: no → yes',
    'refund agent: depends → yes',
    'refund owner: depends → yes',
  ]);
  const { replay, needsSecond } = await readEffect(room, change, window);
  assert.deepEqual(
    replay.flips.map(({ before, after, calls, reasonBefore }) => [before, after, calls, reasonBefore]),
    [['deny', 'permit', 1, 'mandate.constraint']],
  );
  assert.equal(needsSecond, false, 'a mandate is for its owner to narrow');
  const narrow = {
    ...document,
    permissions: [{ system: one.system.name, actions: ['refund'], where: { '/amount': { max: 100 } } }],
  };
  const cut = (await readEffect(room, PolicyChange.parse({ mandate: narrow }), window)).replay;
  assert.deepEqual(
    cut.flips.map(({ before, after, calls }) => [before, after, calls]),
    [['permit', 'deny', 1]],
  );
});

test('when time is over it says so, and what it did look at', async () => {
  const { pairs } = await readEffect(room, policyOf(''), { days: 1, seconds: 0 });
  assert.deepEqual([pairs.complete, pairs.looked, pairs.losses], [false, 0, 0]);
});
