import assert from 'node:assert/strict';
import { generateSigningKey } from '@surety/proof/jwk';
import { test } from 'vitest';
import { house } from '#testing/house';
import { addHuman } from './add-human.ts';
import { changeHuman } from './change-human.ts';
import { findCredential } from './credential-store.ts';
import { enrolKey } from './enrol-key.ts';
import { getHuman } from './human-store.ts';
import { openEnrolment } from './open-enrolment.ts';
import { readHuman } from './read-principal.ts';
import { registerWorkload } from './register-workload.ts';
import { abreast, announcedBy, eventsAbout, freshName, heldClock, residents } from './testing/residents.ts';

const db = await house();
const { clock } = heldClock();
const { human, agent, keyOf } = residents(db, clock);
const room = { db, clock };

test('a person is added with groups and roles, once each, and the record says which', async () => {
  const name = freshName('maya');
  const added = await addHuman(room, 'hum_x', {
    name,
    displayName: 'Maya Okafor',
    title: 'head of support',
    groups: ['support', 'support'],
    roles: ['owner'],
  });
  assert.deepEqual(await getHuman(db, added.id), added);
  assert.deepEqual(added.groups, ['support']);
  assert.deepEqual(await eventsAbout(db, added.id), [
    { type: 'human.added', actor: 'hum_x', data: { groups: ['support'], roles: ['owner'] } },
  ]);
  await assert.rejects(addHuman(room, 'hum_x', { name, displayName: 'Another', title: '', groups: [], roles: [] }), {
    code: 'name.taken',
  });
});

test('when a person leaves, everything of theirs is dead at once: they, their agents and workloads, their keys, their codes', async () => {
  const owner = await human();
  const key = await keyOf(owner.id);
  const [active, draft, retired] = [
    await agent({ owner: owner.id, state: 'active' }),
    await agent({ owner: owner.id }),
    await agent({ owner: owner.id, state: 'retired' }),
  ];
  const workload = await registerWorkload(room, owner.id, {
    name: freshName('w'),
    displayName: 'W',
    owner: owner.id,
    deputies: [],
  });
  const others = await agent({ state: 'active', deputies: [owner.id] });
  const { code } = await openEnrolment(room, 'hum_x', { principal: owner.id, seconds: 900 });
  const { code: agentCode } = await openEnrolment(room, 'hum_x', { principal: active.id, seconds: 900 });

  const announced = await announcedBy(db, () => changeHuman(room, 'hum_x', { human: owner.name, state: 'left' }));

  const both = (id: string) => [`changed ${id}`, `cutoff ${id}`];
  assert.deepEqual(announced.sort(), [owner.id, key.credential, active.id, draft.id, workload.id].flatMap(both).sort());
  assert.ok(!announced.some((one) => one.includes(others.id) || one.includes(retired.id)));
  assert.equal((await findCredential(db, key.credential))?.state, 'revoked');
  for (const one of [code, agentCode]) {
    await assert.rejects(enrolKey(room, { code: one, jwk: generateSigningKey().publicJwk, label: 'late' }), {
      code: 'enrolment.refused',
    });
  }
  assert.deepEqual(
    (await eventsAbout(db, owner.id)).slice(-2).map(({ type }) => type),
    ['human.changed', 'credential.revoked'],
  );
});

test('a suspended person keeps their keys, and is cut off with everything they answer for', async () => {
  const owner = await human();
  const key = await keyOf(owner.id);
  const one = await agent({ owner: owner.id, state: 'active' });
  const announced = await announcedBy(db, () => changeHuman(room, 'hum_x', { human: owner.id, state: 'suspended' }));
  assert.deepEqual(announced, [`changed ${owner.id}`, `cutoff ${owner.id}`, `changed ${one.id}`, `cutoff ${one.id}`]);
  assert.equal((await findCredential(db, key.credential))?.state, 'active');
  assert.deepEqual((await eventsAbout(db, owner.id)).at(-1)?.data, { roles: [], groups: [], state: 'suspended' });
});

test('whoever left comes back without a key, and to nothing that was issued before', async () => {
  const one = await human();
  const key = await keyOf(one.id);
  await changeHuman(room, 'hum_x', { human: one.id, state: 'left' });
  await assert.rejects(changeHuman(room, 'hum_x', { human: one.id, state: 'suspended' }), { code: 'human.not_active' });
  const announced = await announcedBy(db, () => changeHuman(room, 'hum_x', { human: one.id, state: 'active' }));
  assert.deepEqual(announced, [`changed ${one.id}`]);
  assert.equal((await findCredential(db, key.credential))?.state, 'revoked');
});

test('roles change at once and cut nothing off; the same again changes and records nothing', async () => {
  const one = await human();
  const announced = await announcedBy(db, async () => {
    await changeHuman(room, 'hum_x', { human: one.id, roles: ['owner', 'owner'] });
    await changeHuman(room, 'hum_x', { human: one.id, roles: ['owner'], groups: [], state: 'active' });
  });
  assert.deepEqual(announced, [`changed ${one.id}`]);
  assert.deepEqual((await getHuman(db, one.id)).roles, ['owner']);
  assert.equal((await eventsAbout(db, one.id)).length, 2);
});

test('the house always keeps an active administrator, also when two suspend each other at the same time', async () => {
  const ours = await house();
  const there = residents(ours, clock);
  const yard = { db: ours, clock };
  const [first, second] = [await there.human({ roles: ['administrator'] }), await there.human({ roles: ['administrator'] })];
  const tries = await abreast(ours, () =>
    Promise.allSettled([
      changeHuman(yard, first.id, { human: second.id, state: 'suspended' }),
      changeHuman(yard, second.id, { human: first.id, state: 'suspended' }),
    ]),
  );
  assert.deepEqual(tries.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  const left = [await getHuman(ours, first.id), await getHuman(ours, second.id)].filter(({ state }) => state === 'active');
  assert.equal(left.length, 1);
  for (const change of [{ state: 'left' }, { state: 'suspended' }, { roles: ['owner'] }] as const) {
    await assert.rejects(changeHuman(yard, 'hum_x', { human: left[0]!.id, ...change }), { code: 'human.last_administrator' });
  }
});

test('a person is shown with what they answer for and what they are deputy of', async () => {
  const one = await human();
  const [mine, retired, elsewhere] = [
    await agent({ owner: one.id }),
    await agent({ owner: one.id, state: 'retired' }),
    await agent({ deputies: [one.id] }),
  ];
  const shown = await readHuman(db, one.name);
  assert.deepEqual(
    shown.answersFor.map(({ id }) => id),
    [mine.id],
  );
  assert.ok(!shown.answersFor.some(({ id }) => id === retired.id));
  assert.deepEqual(
    shown.deputyOf.map(({ id }) => id),
    [elsewhere.id],
  );
  await assert.rejects(readHuman(db, mine.name), { code: 'human.not_found' });
});

test('when the record cannot be written, nobody left', async () => {
  const broken = await house();
  const there = residents(broken, clock);
  const one = await there.human();
  const key = await there.keyOf(one.id);
  await broken.query('alter table entry rename to entry_gone');
  await assert.rejects(changeHuman({ db: broken, clock }, 'hum_x', { human: one.id, state: 'left' }));
  await assert.rejects(
    addHuman({ db: broken, clock }, 'hum_x', { name: 'nobody', displayName: 'N', title: '', groups: [], roles: [] }),
  );
  assert.equal((await getHuman(broken, one.id)).state, 'active');
  assert.equal((await findCredential(broken, key.credential))?.state, 'active');
  const { rows } = await broken.query(`select name from principal_name where name = 'nobody'`);
  assert.deepEqual(rows, []);
});
