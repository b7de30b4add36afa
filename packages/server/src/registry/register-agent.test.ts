import assert from 'node:assert/strict';
import { test } from 'vitest';
import { house } from '#testing/house';
import { findAgent } from './agent-store.ts';
import { manifestDigest } from './manifest-digest.ts';
import { registerAgent, type RegisterAgent } from './register-agent.ts';
import { registerWorkload } from './register-workload.ts';
import { eventsAbout, freshName, heldClock, residents } from './testing/residents.ts';

const db = await house();
const { clock } = heldClock();
const { human } = residents(db, clock);
const room = { db, clock };

const request = (owner: string, change: Partial<RegisterAgent> = {}): RegisterAgent => ({
  name: freshName('refunder'),
  displayName: 'Refunder',
  purpose: 'refunds orders',
  owner,
  deputies: [],
  riskTier: 'high',
  autonomy: 'propose',
  manifest: { model: 'm-1' },
  ...change,
});

test('an agent begins as a draft with one owner and ordered deputies, and the record says so', async () => {
  const [owner, first, second] = [await human(), await human(), await human()];
  const agent = await registerAgent(room, owner.id, request(owner.name, { deputies: [second.name, first.id] }));

  assert.equal(agent.state, 'draft');
  assert.equal(agent.owner, owner.id);
  assert.deepEqual(agent.deputies, [second.id, first.id]);
  assert.deepEqual(await findAgent(db, agent.id), agent);
  assert.deepEqual(await eventsAbout(db, agent.id), [
    {
      type: 'agent.registered',
      actor: owner.id,
      data: {
        owner: owner.id,
        deputies: [second.id, first.id],
        riskTier: 'high',
        autonomy: 'propose',
        manifestDigest: manifestDigest({ model: 'm-1' }),
      },
    },
  ]);
});

test('whoever does not exist or is not active cannot be made to answer', async () => {
  const suspended = await human({ state: 'suspended' });
  const left = await human({ state: 'left' });
  const owner = await human();
  await assert.rejects(registerAgent(room, 'house', request('nobody-here')), { code: 'human.not_found' });
  await assert.rejects(registerAgent(room, 'house', request(`hum_${'0'.repeat(26)}`)), { code: 'human.not_found' });
  for (const gone of [suspended, left]) {
    await assert.rejects(registerAgent(room, 'house', request(gone.id)), { code: 'human.not_active' });
    await assert.rejects(registerAgent(room, 'house', request(owner.id, { deputies: [gone.id] })), { code: 'human.not_active' });
  }
});

test('an agent cannot answer for an agent', async () => {
  const owner = await human();
  const agent = await registerAgent(room, 'house', request(owner.id));
  await assert.rejects(registerAgent(room, 'house', request(agent.name)), { code: 'human.not_found' });
  await assert.rejects(registerAgent(room, 'house', request(agent.id)), { code: 'human.not_found' });
});

test('a name belongs to one principal, of whatever kind', async () => {
  const owner = await human();
  const name = freshName('taken');
  await registerWorkload(room, 'house', { name, displayName: 'W', owner: owner.id, deputies: [] });
  await assert.rejects(registerAgent(room, 'house', request(owner.id, { name })), { code: 'name.taken' });
  await assert.rejects(registerAgent(room, 'house', request(owner.id, { name: owner.name })), { code: 'name.taken' });
});

test('one hundred registrations of one name at once: one agent', async () => {
  const owner = await human();
  const name = freshName('crowd');
  const tries = await Promise.allSettled(
    Array.from({ length: 100 }, () => registerAgent(room, 'house', request(owner.id, { name }))),
  );
  assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1);
});

test('a workload begins as a draft too, with one owner, and the record says so', async () => {
  const owner = await human();
  const workload = await registerWorkload(room, owner.id, {
    name: freshName('billing'),
    displayName: 'Billing',
    owner: owner.id,
    deputies: [],
  });
  assert.equal(workload.state, 'draft');
  assert.deepEqual(await eventsAbout(db, workload.id), [
    { type: 'workload.registered', actor: owner.id, data: { owner: owner.id, state: 'draft' } },
  ]);
});

test('when the record cannot be written, the agent is not there', async () => {
  const broken = await house();
  const owner = await residents(broken, clock).human();
  await broken.query('alter table entry rename to entry_gone');
  await assert.rejects(registerAgent({ db: broken, clock }, 'house', request(owner.id)));
  await assert.rejects(
    registerWorkload({ db: broken, clock }, 'house', { name: 'w', displayName: 'W', owner: owner.id, deputies: [] }),
  );
  for (const table of ['agent', 'workload']) {
    const { rows } = await broken.query<{ count: number }>(`select count(*) as count from ${table}`);
    assert.deepEqual(rows, [{ count: 0 }]);
  }
});
