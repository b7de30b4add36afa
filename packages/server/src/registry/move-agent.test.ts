import assert from 'node:assert/strict';
import { PrincipalState } from '@surety/contract/agent';
import fc from 'fast-check';
import { test } from 'vitest';
import { house } from '#testing/house';
import { getAgent } from './agent-store.ts';
import { changeAgent } from './change-agent.ts';
import { enrolKey } from './enrol-key.ts';
import { mayMove } from './lifecycle.ts';
import { moveAgent } from './move-agent.ts';
import { moveWorkload } from './move-workload.ts';
import { openEnrolment } from './open-enrolment.ts';
import { registerWorkload } from './register-workload.ts';
import { announcedBy, eventsAbout, freshName, heldClock, residents } from './testing/residents.ts';
import { generateSigningKey } from '@surety/proof/jwk';

const db = await house();
const { clock } = heldClock();
const { human, agent } = residents(db, clock);
const room = { db, clock };
const reason = 'left the team';

test('suspending stores the state, ends what was issued, and records who did it and why, once', async () => {
  const before = await agent({ state: 'active' });
  const announced = await announcedBy(db, async () => {
    const first = await moveAgent(room, 'hum_x', { agent: before.name, to: 'suspended', reason });
    const second = await moveAgent(room, 'hum_x', { agent: before.id, to: 'suspended', reason });
    assert.equal(first.state, 'suspended');
    assert.deepEqual(second, first);
  });
  assert.deepEqual(announced, [`changed ${before.id}`, `cutoff ${before.id}`]);
  assert.equal((await getAgent(db, before.id)).state, 'suspended');
  const moves = (await eventsAbout(db, before.id)).filter(({ actor }) => actor === 'hum_x');
  assert.deepEqual(moves, [{ type: 'agent.moved', actor: 'hum_x', data: { from: 'active', to: 'suspended', reason } }]);
});

test('activating ends nothing and brings nothing back: no cut-off is announced', async () => {
  const one = await agent({ state: 'suspended' });
  const announced = await announcedBy(db, () => moveAgent(room, 'hum_x', { agent: one.id, to: 'active', reason }));
  assert.deepEqual(announced, [`changed ${one.id}`]);
});

test('a retired agent stays retired and stays as it is', async () => {
  const one = await agent({ state: 'retired' });
  for (const to of ['draft', 'active', 'suspended'] as const) {
    await assert.rejects(moveAgent(room, 'hum_x', { agent: one.id, to, reason }), { code: 'agent.move_refused' });
  }
  await assert.rejects(changeAgent(room, 'hum_x', { agent: one.id, purpose: 'something else' }), { code: 'agent.move_refused' });
  assert.deepEqual(await getAgent(db, one.id), one);
});

test('an agent under a stop is not activated here, however often it is asked', async () => {
  const one = await agent({ state: 'suspended' });
  const stopped = { ...room, isStopped: async () => true };
  await assert.rejects(moveAgent(stopped, 'hum_x', { agent: one.id, to: 'active', reason }), { code: 'agent.move_refused' });
  assert.equal((await moveAgent(stopped, 'hum_x', { agent: one.id, to: 'retired', reason })).state, 'retired');
});

test('suspending voids the open codes of the agent', async () => {
  const one = await agent({ state: 'active' });
  const { code } = await openEnrolment(room, 'hum_x', { principal: one.id, seconds: 900 });
  await moveAgent(room, 'hum_x', { agent: one.id, to: 'suspended', reason });
  await moveAgent(room, 'hum_x', { agent: one.id, to: 'active', reason });
  await assert.rejects(enrolKey(room, { code, jwk: generateSigningKey().publicJwk, label: 'late' }), {
    code: 'enrolment.refused',
  });
});

test('raw SQL cannot step around the life of an agent or workload', async () => {
  const owner = await human();
  const states = PrincipalState.options;
  for (const table of ['agent', 'workload'] as const) {
    for (const from of states) {
      for (const to of states.filter((state) => state !== from)) {
        const id = table === 'agent' ? (await agent({ owner: owner.id, state: from })).id : await workloadIn(owner.id, from);
        const update = db.query(`update ${table} set state = $2 where id = $1`, [id, to]);
        if (mayMove(from, to)) await update;
        else await assert.rejects(update, { code: '23514' }, `${table} ${from} → ${to}`);
      }
    }
  }
});

async function workloadIn(owner: string, state: PrincipalState): Promise<string> {
  const { id } = await registerWorkload(room, owner, { name: freshName('workload'), displayName: 'W', owner, deputies: [] });
  const path = { draft: [], active: ['active'], suspended: ['active', 'suspended'], retired: ['retired'] } as const;
  for (const to of path[state]) await moveWorkload(room, owner, { workload: id, to, reason: 'set-up' });
  return id;
}

test('raw SQL can neither take an agent away nor leave it without an owner, nor make its owner its deputy', async () => {
  const one = await agent({ state: 'retired' });
  await assert.rejects(db.query('delete from agent where id = $1', [one.id]), { code: '23514' });
  await assert.rejects(db.query('delete from human where id = $1', [one.owner]), { code: '23514' });
  await assert.rejects(db.query(`update agent set id = 'agt_' || repeat('0', 26) where id = $1`, [one.id]), { code: '23514' });
  await assert.rejects(db.query('update agent set owner = null where id = $1', [one.id]), { code: '23502' });
  await assert.rejects(db.query(`update agent set owner = 'hum_none' where id = $1`, [one.id]), { code: '23503' });
  await assert.rejects(db.query('update agent set deputies = array[owner] where id = $1', [one.id]), { code: '23514' });
});

test('a workload moves by the same table, with its own record', async () => {
  const owner = await human();
  const id = await workloadIn(owner.id, 'active');
  const announced = await announcedBy(db, () => moveWorkload(room, 'hum_x', { workload: id, to: 'retired', reason }));
  assert.deepEqual(announced, [`changed ${id}`, `cutoff ${id}`]);
  assert.deepEqual((await eventsAbout(db, id)).at(-1), {
    type: 'workload.moved',
    actor: 'hum_x',
    data: { from: 'active', to: 'retired', reason },
  });
  await assert.rejects(moveWorkload(room, 'hum_x', { workload: id, to: 'active', reason }), { code: 'agent.move_refused' });
  await assert.rejects(moveWorkload(room, 'hum_x', { workload: 'no-such', to: 'active', reason }), {
    code: 'workload.not_found',
  });
});

test('whatever is asked in whatever order, the agent in the database keeps to the table and never lacks an owner', async () => {
  const people = [await human(), await human(), await human()];
  const step = fc.oneof(
    fc.record({ to: fc.constantFrom(...PrincipalState.options) }),
    fc.record({ owner: fc.nat(2), deputies: fc.option(fc.array(fc.nat(2), { maxLength: 3 }), { nil: undefined }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const { id } = await agent({ owner: people[0]!.id });
      for (const one of steps) {
        const before = await getAgent(db, id);
        const work =
          'to' in one
            ? moveAgent(room, 'hum_x', { agent: id, to: one.to, reason })
            : changeAgent(room, 'hum_x', {
                agent: id,
                owner: people[one.owner]!.id,
                deputies: one.deputies?.map((at) => people[at]!.id),
              });
        await work.catch((thrown: { code?: string }) =>
          assert.match(thrown.code ?? '', /^(agent\.move_refused|request\.malformed)$/),
        );
        const after = await getAgent(db, id);
        assert.ok(after.state === before.state || mayMove(before.state, after.state), `${before.state} → ${after.state}`);
        assert.ok(people.some((person) => person.id === after.owner));
        assert.ok(!after.deputies.includes(after.owner));
        assert.equal(new Set(after.deputies).size, after.deputies.length);
        if (after.revision !== before.revision) assert.equal(after.revision, before.revision + 1);
      }
    }),
    { numRuns: 25 },
  );
});

test('when the record cannot be written, nobody was moved', async () => {
  const broken = await house();
  const there = residents(broken, clock);
  const one = await there.agent({ state: 'active' });
  await broken.query('alter table entry rename to entry_gone');
  await assert.rejects(moveAgent({ db: broken, clock }, 'hum_x', { agent: one.id, to: 'suspended', reason }));
  assert.equal((await getAgent(broken, one.id)).state, 'active');
});

test('when the news cannot be told, nobody was moved either', async () => {
  const broken = await house();
  const one = await residents(broken, clock).agent({ state: 'active' });
  await broken.query('alter table change rename to change_gone');
  await assert.rejects(moveAgent({ db: broken, clock }, 'hum_x', { agent: one.id, to: 'suspended', reason }));
  assert.equal((await getAgent(broken, one.id)).state, 'active');
  assert.deepEqual(
    (await eventsAbout(broken, one.id)).map(({ type }) => type),
    ['agent.registered', 'agent.moved'],
  );
});
