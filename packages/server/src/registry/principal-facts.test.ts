import assert from 'node:assert/strict';
import { test } from 'vitest';
import { changeHuman } from './change-human.ts';
import { enrolKey } from './enrol-key.ts';
import { verifyHumanSignature } from './human-signature.ts';
import { moveAgent } from './move-agent.ts';
import { openEnrolment } from './open-enrolment.ts';
import { openPrincipalFacts } from './principal-facts.ts';
import { registerWorkload } from './register-workload.ts';
import { revokeCredential } from './revoke-credential.ts';
import { openNode } from './testing/node.ts';
import { freshName, heldClock, residents, signed } from './testing/residents.ts';
import { generateSigningKey } from '@surety/proof/jwk';

const { db, feed, upToDate } = await openNode();

const { clock } = heldClock();
const { human, agent, keyOf } = residents(db, clock);
const room = { db, clock };
const facts = openPrincipalFacts({ db, feed });

test('every kind of principal is found by id, by the kind that asks for it', async () => {
  const [person, robot] = [await human(), await agent()];
  const workload = await registerWorkload(room, person.id, {
    name: freshName('w'),
    displayName: 'W',
    owner: person.id,
    deputies: [],
  });
  assert.deepEqual(await facts.human(person.id), person);
  assert.deepEqual(await facts.agent(robot.id), robot);
  assert.deepEqual(await facts.workload(workload.id), workload);
  assert.equal(await facts.agent(person.id), undefined);
  assert.equal(await facts.human(robot.id), undefined);
  assert.equal(await facts.resolveName(robot.name), robot.id);
  assert.equal(await facts.resolveName('nobody'), undefined);
});

test('a name that was asked for before it was given is found once it is', async () => {
  const name = freshName('late');
  assert.equal(await facts.resolveName(name), undefined);
  const person = await human();
  const workload = await registerWorkload(room, person.id, { name, displayName: 'W', owner: person.id, deputies: [] });
  assert.equal(await facts.resolveName(name), workload.id);
});

test('a suspended agent is seen as such as soon as the news is applied, and its tokens are cut off', async () => {
  const one = await agent({ state: 'active' });
  assert.equal((await facts.agent(one.id))?.state, 'active');
  await moveAgent(room, 'hum_x', { agent: one.id, to: 'suspended', reason: 'test' });
  await upToDate();
  assert.equal((await facts.agent(one.id))?.state, 'suspended');
  assert.ok(feed.cutoffOf(one.id) !== undefined);
});

test('when the owner leaves, owner, agents and keys are seen as dead at once', async () => {
  const owner = await human();
  const key = await keyOf(owner.id);
  const one = await agent({ owner: owner.id, state: 'active' });
  assert.equal((await facts.credentialsOf(owner.id)).length, 1);
  assert.equal((await facts.credential(key.credential))?.state, 'active');
  await changeHuman(room, 'hum_x', { human: owner.id, state: 'left' });
  await upToDate();
  assert.equal((await facts.human(owner.id))?.state, 'left');
  assert.deepEqual(await facts.credentialsOf(owner.id), []);
  assert.equal((await facts.credential(key.credential))?.state, 'revoked');
  for (const id of [owner.id, one.id, key.credential]) assert.ok(feed.cutoffOf(id) !== undefined, id);
});

test('a key that was just enrolled is found, one that was revoked is not', async () => {
  const one = await agent({ state: 'active' });
  assert.deepEqual(await facts.credentialsOf(one.id), []);
  const { code } = await openEnrolment(room, 'hum_x', { principal: one.id, seconds: 60 });
  const { credential } = await enrolKey(room, { code, jwk: generateSigningKey().publicJwk, label: 'x' });
  await upToDate();
  assert.deepEqual(
    (await facts.credentialsOf(one.id)).map(({ id }) => id),
    [credential.id],
  );
  await revokeCredential(room, 'hum_x', { credential: credential.id });
  await upToDate();
  assert.deepEqual(await facts.credentialsOf(one.id), []);
});

test('a signature is verified against the facts as against the database', async () => {
  const one = await human();
  const key = await keyOf(one.id);
  const jws = signed(key, 'surety-approval+jwt', { answer: 'approve' });
  assert.deepEqual(await verifyHumanSignature(facts, one.id, jws, 'surety-approval+jwt'), { answer: 'approve' });
  await revokeCredential(room, 'hum_x', { credential: key.credential });
  await upToDate();
  await assert.rejects(verifyHumanSignature(facts, one.id, jws, 'surety-approval+jwt'), { code: 'signature.invalid' });
});
