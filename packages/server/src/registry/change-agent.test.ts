import assert from 'node:assert/strict';
import { test } from 'vitest';
import { house } from '#testing/house';
import { getAgent } from './agent-store.ts';
import { changeAgent } from './change-agent.ts';
import { changeHuman } from './change-human.ts';
import { manifestDigest } from './manifest-digest.ts';
import { announcedBy, eventsAbout, heldClock, residents } from './testing/residents.ts';

const db = await house();
const { clock } = heldClock();
const { human, agent } = residents(db, clock);
const room = { db, clock };

test('another owner is a change of the agent, told to every node and recorded with who answers now', async () => {
  const [before, next] = [await human(), await human()];
  const one = await agent({ owner: before.id, state: 'active' });
  const announced = await announcedBy(db, () => changeAgent(room, 'hum_x', { agent: one.name, owner: next.name }));
  const after = await getAgent(db, one.id);
  assert.equal(after.owner, next.id);
  assert.equal(after.revision, one.revision + 1);
  assert.deepEqual(announced, [`changed ${one.id}`, `cutoff ${one.id}`]);
  assert.deepEqual((await eventsAbout(db, one.id)).at(-1), {
    type: 'agent.changed',
    actor: 'hum_x',
    data: { owner: next.id, deputies: [], riskTier: 'medium', autonomy: 'act_within_limits', manifestDigest: manifestDigest({}) },
  });
});

test('a deputy who takes over is a deputy no more; the others keep their order', async () => {
  const [owner, first, second, third] = [await human(), await human(), await human(), await human()];
  const one = await agent({ owner: owner.id, deputies: [first.id, second.id, third.id] });
  const after = await changeAgent(room, 'hum_x', { agent: one.id, owner: second.id });
  assert.equal(after.owner, second.id);
  assert.deepEqual(after.deputies, [first.id, third.id]);
});

test('nobody who is not active takes over, and a failed change leaves everything as it was', async () => {
  const one = await agent();
  for (const state of ['suspended', 'left'] as const) {
    const gone = await human({ state });
    await assert.rejects(changeAgent(room, 'hum_x', { agent: one.id, owner: gone.id }), { code: 'human.not_active' });
    await assert.rejects(changeAgent(room, 'hum_x', { agent: one.id, deputies: [gone.id] }), { code: 'human.not_active' });
  }
  await assert.rejects(changeAgent(room, 'hum_x', { agent: one.id, owner: 'no-such' }), { code: 'human.not_found' });
  await assert.rejects(changeAgent(room, 'hum_x', { agent: one.id, deputies: [one.owner] }), { code: 'request.malformed' });
  await assert.rejects(changeAgent(room, 'hum_x', { agent: 'no-such', purpose: 'x' }), { code: 'agent.not_found' });
  assert.deepEqual(await getAgent(db, one.id), one);
});

test('an agent whose owner left is given another, who is then the one that answers', async () => {
  const [owner, next] = [await human(), await human()];
  const one = await agent({ owner: owner.id, deputies: [next.id] });
  await changeHuman(room, 'hum_x', { human: owner.id, state: 'left' });
  await assert.rejects(changeAgent(room, 'hum_x', { agent: one.id, deputies: [] }), { code: 'human.not_active' });
  const after = await changeAgent(room, 'hum_x', { agent: one.id, owner: next.id });
  assert.deepEqual({ owner: after.owner, deputies: after.deputies }, { owner: next.id, deputies: [] });
});

test('what is said of an agent changes member by member; saying the same again changes and records nothing', async () => {
  const one = await agent();
  const change = {
    agent: one.id,
    displayName: 'Another',
    purpose: 'else',
    riskTier: 'critical',
    autonomy: 'observe',
    manifest: { model: 'm-2' },
  } as const;
  const after = await changeAgent(room, 'hum_x', change);
  assert.deepEqual(after, {
    ...one,
    displayName: 'Another',
    purpose: 'else',
    riskTier: 'critical',
    autonomy: 'observe',
    manifest: { model: 'm-2' },
    revision: 2,
  });
  const announced = await announcedBy(db, async () => assert.deepEqual(await changeAgent(room, 'hum_x', change), after));
  assert.deepEqual(announced, []);
  assert.equal((await eventsAbout(db, one.id)).length, 2);
});

test('two who change one agent at once both take effect, one after the other', async () => {
  const one = await agent();
  await Promise.all([
    changeAgent(room, 'hum_x', { agent: one.id, purpose: 'from one' }),
    changeAgent(room, 'hum_y', { agent: one.id, displayName: 'From the other' }),
  ]);
  const after = await getAgent(db, one.id);
  assert.deepEqual([after.purpose, after.displayName, after.revision], ['from one', 'From the other', 3]);
});
