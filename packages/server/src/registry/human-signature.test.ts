import assert from 'node:assert/strict';
import { generateSigningKey } from '@surety/proof/jwk';
import { test } from 'vitest';
import { house } from '#testing/house';
import { changeHuman } from './change-human.ts';
import { listActiveCredentials } from './credential-store.ts';
import { verifyHumanSignature } from './human-signature.ts';
import { revokeCredential } from './revoke-credential.ts';
import { heldClock, residents, signed } from './testing/residents.ts';

const db = await house();
const { clock } = heldClock();
const { human, agent, keyOf } = residents(db, clock);
const typ = 'surety-approval+jwt';
const claims = { approval: 'apr_1', digest: 'd', answer: 'approve', iat: 1_772_442_000 };
const refused = { code: 'signature.invalid' };

test('what a person signed with an enrolled key of theirs is read back as it was signed', async () => {
  const one = await human();
  await keyOf(one.id);
  const key = await keyOf(one.id);
  assert.deepEqual(await verifyHumanSignature(db, one.id, signed(key, typ, claims), typ), claims);
  assert.deepEqual(await verifyHumanSignature(db, one.id, signed(key, typ, claims, key.jkt), typ), claims);
});

test('a signature by another person, an agent, or a key that nobody enrolled is none', async () => {
  const [one, other, robot] = [await human(), await human(), await agent({ state: 'active' })];
  const [mine, theirs, robots] = [await keyOf(one.id), await keyOf(other.id), await keyOf(robot.id)];
  for (const key of [theirs, robots, generateSigningKey()]) {
    await assert.rejects(verifyHumanSignature(db, one.id, signed(key, typ, claims), typ), refused);
    await assert.rejects(verifyHumanSignature(db, one.id, signed(key, typ, claims, mine.jkt), typ), refused);
  }
  await assert.rejects(verifyHumanSignature(db, robot.id, signed(robots, typ, claims), typ), refused);
  await assert.rejects(verifyHumanSignature(db, `hum_${'0'.repeat(26)}`, signed(mine, typ, claims), typ), refused);
});

test('a revoked key signs no more, nor does whoever is suspended or left', async () => {
  const one = await human();
  const [key, second] = [await keyOf(one.id), await keyOf(one.id)];
  await revokeCredential({ db, clock }, 'hum_x', { credential: key.credential });
  await assert.rejects(verifyHumanSignature(db, one.id, signed(key, typ, claims), typ), refused);
  await verifyHumanSignature(db, one.id, signed(second, typ, claims), typ);
  await changeHuman({ db, clock }, 'hum_x', { human: one.id, state: 'suspended' });
  await assert.rejects(verifyHumanSignature(db, one.id, signed(second, typ, claims), typ), refused);
});

test('a revoked key among the facts signs nothing either', async () => {
  const one = await human();
  const key = await keyOf(one.id);
  const credentials = (await listActiveCredentials(db, one.id)).map((credential) => ({
    ...credential,
    state: 'revoked' as const,
  }));
  const facts = { human: async () => one, credentialsOf: async () => credentials };
  await assert.rejects(verifyHumanSignature(facts, one.id, signed(key, typ, claims), typ), refused);
});

test('a signature is for what it says it is for, and whole', async () => {
  const one = await human();
  const key = await keyOf(one.id);
  const jws = signed(key, typ, claims);
  const [head, body, signature] = jws.split('.') as [string, string, string];
  const forged = Buffer.from(JSON.stringify({ ...claims, answer: 'refuse' })).toString('base64url');
  const none = Buffer.from(JSON.stringify({ alg: 'none', typ })).toString('base64url');
  for (const attempt of [
    signed(key, 'surety-mandate+jwt', claims),
    signed(key, 'JWT', claims),
    signed(key, 'dpop+jwt', claims),
    `${head}.${forged}.${signature}`,
    `${none}.${body}.`,
    `${none}.${body}.${signature}`,
    `${head}.${body}.`,
    `${head}.${body}`,
    `${jws}=`,
    ` ${jws}`,
    '',
    'x'.repeat(100_000),
    JSON.stringify({ payload: body, protected: head, signature }),
  ]) {
    await assert.rejects(verifyHumanSignature(db, one.id, attempt, typ), refused, attempt.slice(0, 40));
  }
});

test('a stored key that was changed behind our back verifies nothing', async () => {
  const one = await human();
  const key = await keyOf(one.id);
  const thief = generateSigningKey();
  await db.query('update credential set jwk = $2 where id = $1', [key.credential, JSON.stringify(thief.publicJwk)]);
  await assert.rejects(verifyHumanSignature(db, one.id, signed(thief, typ, claims), typ), refused);
  await assert.rejects(verifyHumanSignature(db, one.id, signed(thief, typ, claims, thief.jkt), typ), refused);
});
