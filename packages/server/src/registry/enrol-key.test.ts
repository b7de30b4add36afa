import assert from 'node:assert/strict';
import { createECDH, createHash, generateKeyPairSync } from 'node:crypto';
import { exportPrivateKey, generateSigningKey, thumbprint } from '@surety/proof/jwk';
import { test } from 'vitest';
import { house } from '#testing/house';
import { findCredential, listActiveCredentials } from './credential-store.ts';
import { enrolKey } from './enrol-key.ts';
import { moveAgent } from './move-agent.ts';
import { openClaim } from './open-claim.ts';
import { openEnrolment } from './open-enrolment.ts';
import { revokeCredential } from './revoke-credential.ts';
import { announcedBy, eventsAbout, heldClock, residents } from './testing/residents.ts';

const db = await house();
const { clock, pass } = heldClock();
const { human, agent, keyOf } = residents(db, clock);
const room = { db, clock };

const open = async (principal: string, seconds = 900) => (await openEnrolment(room, 'hum_x', { principal, seconds })).code;
const freshJwk = () => generateSigningKey().publicJwk;

test('a code enrols one key: stored, recorded, told to every node', async () => {
  const one = await agent();
  const code = await open(one.name);
  const jwk = freshJwk();
  let enrolled: Awaited<ReturnType<typeof enrolKey>> | undefined;
  const announced = await announcedBy(db, async () => (enrolled = await enrolKey(room, { code, jwk, label: 'laptop' })));
  assert.equal(enrolled?.principal, one.id);
  assert.equal(enrolled?.name, one.name);
  assert.equal(enrolled?.credential.jkt, thumbprint(jwk));
  assert.deepEqual((await findCredential(db, enrolled?.credential.id ?? ''))?.jwk, jwk);
  assert.deepEqual(announced, [`changed ${one.id}`]);
  assert.deepEqual(
    (await eventsAbout(db, one.id)).map(({ type, actor }) => [type, actor]),
    [
      ['agent.registered', one.owner],
      ['enrolment.opened', 'hum_x'],
      ['credential.enrolled', one.id],
    ],
  );
});

test('fifty who use one code at the same moment: one key', async () => {
  const one = await agent();
  const code = await open(one.id);
  const uses = await Promise.allSettled(Array.from({ length: 50 }, () => enrolKey(room, { code, jwk: freshJwk(), label: 'x' })));
  const refused = uses.filter((use) => use.status === 'rejected').map((use) => (use.reason as { code: string }).code);
  assert.deepEqual(new Set(refused), new Set(['enrolment.refused']));
  assert.equal(refused.length, 49);
  assert.equal((await listActiveCredentials(db, one.id)).length, 1);
});

test('the database keeps the hash of a code and nowhere the code', async () => {
  const one = await agent();
  const code = await open(one.id);
  const { rows } = await db.query<{ code_hash: Buffer; whole: string }>(
    'select code_hash, enrolment::text as whole from enrolment where principal = $1',
    [one.id],
  );
  assert.deepEqual(rows[0]?.code_hash, createHash('sha256').update(code).digest());
  assert.ok(!rows[0]?.whole.includes(code));
  const { rows: entries } = await db.query<{ body: string }>('select body from entry');
  assert.ok(!entries.some(({ body }) => body.includes(code)));
});

test('a code that is late, used, unknown, or changed by a letter is one and the same fault', async () => {
  const one = await agent();
  const late = await open(one.id, 30);
  pass(30_000);
  const used = await open(one.id);
  await enrolKey(room, { code: used, jwk: freshJwk(), label: 'x' });
  const near = await open(one.id);
  const changed = (near.startsWith('0') ? '1' : '0') + near.slice(1);
  for (const code of [late, used, changed, '0'.repeat(26), near.toUpperCase()]) {
    await assert.rejects(enrolKey(room, { code, jwk: freshJwk(), label: 'x' }), { code: 'enrolment.refused', detail: undefined });
  }
});

const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const own = p256.publicKey.export({ format: 'jwk' });
const k1 = createECDH('secp256k1');
k1.generateKeys();

const refusedKeys: readonly (readonly [string, unknown])[] = [
  ['a private key', exportPrivateKey(generateSigningKey())],
  ['a private Ed25519 key', exportPrivateKey(generateSigningKey('EdDSA'))],
  ['a symmetric key', { kty: 'oct', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlYw' }],
  ['a key for encryption', { ...own, use: 'enc' }],
  ['a key with key_ops that encrypt', { ...own, key_ops: ['encrypt'] }],
  ['a key with two operations', { ...own, key_ops: ['verify', 'sign'] }],
  ['an empty key set', { keys: [] }],
  ['a key set', { keys: [own] }],
  ['a bare array', [own]],
  ['nothing', undefined],
  ['text', 'jwk'],
  ['a point off the curve', { ...own, y: own.x }],
  ['the point at infinity, as zeros', { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) }],
  [
    'another curve',
    {
      kty: 'EC',
      crv: 'secp256k1',
      x: k1.getPublicKey().subarray(1, 33).toString('base64url'),
      y: k1.getPublicKey().subarray(33).toString('base64url'),
    },
  ],
  ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' })],
  [
    'a weak Ed25519 point',
    { kty: 'OKP', crv: 'Ed25519', x: Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]).toString('base64url') },
  ],
  ['another alg', { ...own, alg: 'ES384' }],
];

test.for(refusedKeys)('%s is refused, and the code can be used again', async ([, jwk]) => {
  const one = await agent();
  const code = await open(one.id);
  await assert.rejects(enrolKey(room, { code, jwk, label: 'x' }), { code: 'key.refused' });
  assert.deepEqual(await listActiveCredentials(db, one.id), []);
  await enrolKey(room, { code, jwk: freshJwk(), label: 'x' });
});

test("a key that anyone has, or had, is nobody else's: two instances never share one", async () => {
  const [one, other] = [await agent(), await agent()];
  const key = await keyOf(one.id);
  await assert.rejects(enrolKey(room, { code: await open(other.id), jwk: key.publicJwk, label: 'x' }), { code: 'key.refused' });
  await assert.rejects(enrolKey(room, { code: await open(one.id), jwk: { ...key.publicJwk, kid: 'another name' }, label: 'x' }), {
    code: 'key.refused',
  });
  await revokeCredential(room, 'hum_x', { credential: key.credential });
  await assert.rejects(enrolKey(room, { code: await open(one.id), jwk: key.publicJwk, label: 'x' }), { code: 'key.refused' });
});

test('whoever is suspended or gone gets no code, and cannot use one that is open', async () => {
  for (const state of ['suspended', 'retired'] as const) {
    const one = await agent({ state });
    await assert.rejects(openEnrolment(room, 'hum_x', { principal: one.id, seconds: 900 }), { code: 'agent.move_refused' });
  }
  for (const state of ['suspended', 'left'] as const) {
    const one = await human({ state });
    await assert.rejects(openEnrolment(room, 'hum_x', { principal: one.id, seconds: 900 }), { code: 'human.not_active' });
  }
  const one = await agent({ state: 'active' });
  const code = await open(one.id);
  await db.query(`update agent set state = 'suspended' where id = $1`, [one.id]);
  await assert.rejects(enrolKey(room, { code, jwk: freshJwk(), label: 'x' }), { code: 'enrolment.refused' });
  await assert.rejects(openEnrolment(room, 'hum_x', { principal: 'no-such', seconds: 900 }), { code: 'agent.not_found' });
  await assert.rejects(openEnrolment(room, 'hum_x', { principal: `hum_${'0'.repeat(26)}`, seconds: 900 }), {
    code: 'human.not_found',
  });
});

test('a code for the claim of the server enrols no key', async () => {
  const ours = await house();
  const { code } = await openClaim({ db: ours, clock });
  await assert.rejects(enrolKey({ db: ours, clock }, { code, jwk: freshJwk(), label: 'x' }), { code: 'enrolment.refused' });
});

test('revoking ends a key for good, once, and tells every node', async () => {
  const one = await agent({ state: 'active' });
  const key = await keyOf(one.id);
  const announced = await announcedBy(db, async () => {
    assert.equal((await revokeCredential(room, 'hum_x', { credential: key.credential })).state, 'revoked');
    assert.equal((await revokeCredential(room, 'hum_y', { credential: key.credential })).state, 'revoked');
  });
  assert.deepEqual(announced, [`changed ${key.credential}`, `cutoff ${key.credential}`]);
  assert.deepEqual(
    (await eventsAbout(db, one.id)).filter(({ type }) => type === 'credential.revoked'),
    [{ type: 'credential.revoked', actor: 'hum_x', data: { credential: key.credential } }],
  );
  assert.deepEqual(await listActiveCredentials(db, one.id), []);
  await assert.rejects(revokeCredential(room, 'hum_x', { credential: `crd_${'0'.repeat(26)}` }), { code: 'client.unknown' });
});

test('when the record cannot be written, no key was enrolled, none revoked, and the code can still be used', async () => {
  const broken = await house();
  const there = residents(broken, clock);
  const yard = { db: broken, clock };
  const one = await there.agent();
  const key = await there.keyOf(one.id);
  const { code } = await openEnrolment(yard, 'hum_x', { principal: one.id, seconds: 900 });
  await broken.query('alter table entry rename to entry_gone');
  await assert.rejects(enrolKey(yard, { code, jwk: freshJwk(), label: 'x' }));
  await assert.rejects(revokeCredential(yard, 'hum_x', { credential: key.credential }));
  assert.deepEqual(
    (await listActiveCredentials(broken, one.id)).map(({ id }) => id),
    [key.credential],
  );
  await broken.query('alter table entry_gone rename to entry');
  await enrolKey(yard, { code, jwk: freshJwk(), label: 'x' });
  await moveAgent(yard, 'hum_x', { agent: one.id, to: 'active', reason: 'ready' });
});
