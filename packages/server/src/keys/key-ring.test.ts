import assert from 'node:assert/strict';
import { createHash, createPublicKey, randomBytes, verify as verifySignature } from 'node:crypto';
import { signJws, readJws, verifyJws } from '@surety/proof/jws';
import { afterAll, beforeAll, test } from 'vitest';
import { type Feed, openFeed } from '#change/feed';
import { type Db, openDb, openPool } from '#kernel/db';
import { newId } from '#kernel/id';
import { silentLog } from '#kernel/log';
import { houseUrl } from '#testing/house';
import { type KeyRing, openKeyRing } from './key-ring.ts';
import { overlapSeconds, retireTokenKeys, rotateDueTokenKey, rotateTokenKey, shownSeconds } from './rotate-token-key.ts';
import { createSealer } from './seal.ts';

const start = 1_800_000_000_000;
const kek = randomBytes(32);
const sealer = createSealer(kek);
let now = start;
const clock = () => now;
let db: Db;
let end: () => Promise<void>;
const feeds: Feed[] = [];
const rings: KeyRing[] = [];

async function openNode(url: string): Promise<{ feed: Feed; ring: KeyRing }> {
  const feed = await openFeed({
    url,
    db,
    pollMs: 50,
    leaseMs: 5_000,
    point: { id: newId('point'), name: 'test' },
    log: silentLog,
  });
  const ring = await openKeyRing({ db, sealer, clock, feed });
  feeds.push(feed);
  rings.push(ring);
  return { feed, ring };
}

let nodes: { feed: Feed; ring: KeyRing }[];

beforeAll(async () => {
  const url = await houseUrl();
  const pool = openPool(url, 10);
  db = openDb(pool);
  nodes = await Promise.all([openNode(url), openNode(url), openNode(url)]);
  end = () => pool.end();
});

afterAll(async () => {
  for (const ring of rings) ring.close();
  for (const feed of feeds) await feed.close();
  await end();
});

const kids = (ring: KeyRing) =>
  ring
    .jwks()
    .keys.map((key) => (key as { kid: string }).kid)
    .sort();
const house = {
  get db() {
    return db;
  },
  sealer,
  clock,
};

async function untilKids(ring: KeyRing, expected: readonly string[]): Promise<void> {
  const until = Date.now() + 5_000;
  while (Date.now() < until && kids(ring).join() !== [...expected].sort().join())
    await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(kids(ring), [...expected].sort());
}

test('nodes that start at once agree on one key of each purpose, one next key and one nonce secret', async () => {
  const [one, two, three] = nodes.map(({ ring }) => ring);
  assert.ok(one && two && three);
  assert.equal(one.tokenKey().kid, two.tokenKey().kid);
  assert.equal(two.tokenKey().kid, three.tokenKey().kid);
  assert.deepEqual(one.nonceSecret, two.nonceSecret);
  assert.deepEqual(two.nonceSecret, three.nonceSecret);
  assert.deepEqual([one.flowSecret, two.flowSecret], [three.flowSecret, three.flowSecret]);
  assert.notDeepEqual(one.flowSecret, one.nonceSecret);
  assert.equal(one.nonceSecret.length, 32);
  const { rows } = await db.query<{ purpose: string; state: string; count: number }>(
    'select purpose, state, count(*) as count from signing_key group by purpose, state order by purpose, state',
  );
  assert.deepEqual(rows, [
    { purpose: 'log', state: 'current', count: 1 },
    { purpose: 'token', state: 'current', count: 1 },
    { purpose: 'token', state: 'next', count: 1 },
  ]);
  const made = await db.query<{ about: string }>(`select about from entry where type = 'key.made'`);
  assert.equal(made.rows.length, 3);
});

test('the JWKS shows the current key and the one that comes next, ready to verify, and nothing private', () => {
  const { ring } = nodes[0]!;
  const { keys } = ring.jwks();
  assert.equal(keys.length, 2);
  for (const key of keys) {
    assert.deepEqual(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    assert.ok(ring.keyByKid((key as { kid: string }).kid));
  }
  assert.ok(kids(ring).includes(ring.tokenKey().kid));
  assert.equal(ring.keyByKid('unknown'), undefined);
  assert.equal(ring.keyByKid('__proto__'), undefined);
});

test('private keys and secrets lie sealed in the database', async () => {
  const { rows } = await db.query<{ text: string }>(
    `select jwk::text || encode(sealed, 'escape') as text from signing_key union all select encode(sealed, 'escape') from house_secret`,
  );
  assert.equal(rows.length, 5);
  for (const { text } of rows) assert.doesNotMatch(text, /"d"/);
  for (const secret of [nodes[0]!.ring.nonceSecret, nodes[0]!.ring.flowSecret]) {
    const found = await db.query(`select 1 from house_secret where position($1::bytea in sealed) > 0`, [secret]);
    assert.equal(found.rowCount, 0);
  }
});

test('the key of checkpoints signs notes that its vkey verifies, and never a token', () => {
  const { ring } = nodes[0]!;
  const signer = ring.logSigner('id.acme.example/log');
  const [, name, id, encoded = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(signer.vkey) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  assert.equal(name, 'id.acme.example/log');
  assert.equal(bytes[0], 1);
  assert.equal(bytes.length, 33);
  assert.equal(id, createHash('sha256').update(`${name}\n`).update(bytes).digest('hex').slice(0, 8));
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: bytes.subarray(1).toString('base64url') }, format: 'jwk' });
  const text = Buffer.from('id.acme.example/log\n1\nroot\n');
  assert.equal(verifySignature(null, text, key, signer.sign(text)), true);
  assert.ok(!kids(ring).includes(bytes.subarray(1).toString('base64url')));
  assert.equal(nodes[1]!.ring.logSigner('id.acme.example/log').vkey, signer.vkey);
  assert.throws(() => ring.logSigner('two words'));
  assert.throws(() => ring.logSigner('a+b'));
});

test('a key is not used before it was shown long enough', async () => {
  now = start + shownSeconds * 1_000 - 1;
  assert.equal(await rotateTokenKey(house, 'hum_admin'), 'too_soon');
});

test('rotation: the next key signs, a new next is shown, and what the old one signed verifies until it has expired, on every node', async () => {
  now = start + shownSeconds * 1_000;
  const [one, two] = nodes.map(({ ring }) => ring);
  assert.ok(one && two);
  const before = one.tokenKey();
  const nextBefore = kids(one).find((kid) => kid !== before.kid);
  const token = signJws(before, { typ: 'at+jwt', kid: before.kid }, '{}');
  const rotation = await rotateTokenKey(house, 'hum_admin');
  assert.ok(rotation !== 'too_soon');
  assert.equal(rotation.current, nextBefore);
  for (const ring of [one, two]) {
    await untilKids(ring, [before.kid, rotation.current, rotation.next]);
    assert.equal(ring.tokenKey().kid, rotation.current);
    const key = ring.keyByKid(before.kid);
    assert.ok(key && verifyJws(readJws(token, { typ: 'at+jwt' }), key));
  }
  now += overlapSeconds * 1_000 - 1;
  assert.ok(one.keyByKid(before.kid));
  now += 1;
  assert.equal(one.keyByKid(before.kid), undefined);
  assert.deepEqual(kids(one), [rotation.current, rotation.next].sort());
  assert.equal(await retireTokenKeys(house), 1);
  assert.equal(await retireTokenKeys(house), 0);
  const { rows } = await db.query<{ type: string; actor: string }>(`select type, actor from entry where about = $1 order by id`, [
    before.kid,
  ]);
  assert.deepEqual(
    rows.map(({ type }) => type),
    ['key.made', 'key.retired'],
  );
});

test('two rotations at once: one after the other, and the second finds the next key too young', async () => {
  now += shownSeconds * 1_000;
  const results = await Promise.all([rotateTokenKey(house, 'hum_admin'), rotateTokenKey(house, 'hum_admin')]);
  assert.equal(results.filter((result) => result === 'too_soon').length, 1);
});

test('a key that has signed for long enough is rotated by itself, once, however many nodes see it', async () => {
  const [, , ring] = nodes.map((node) => node.ring);
  assert.ok(ring);
  await ring.refresh();
  const before = ring.tokenKey().kid;
  const days = 86_400_000;
  now += 30 * days - 1;
  assert.equal(await rotateDueTokenKey(house, 30), false);
  now += 1;
  const rotated = await Promise.all([1, 2, 3].map(() => rotateDueTokenKey(house, 30)));
  assert.deepEqual(rotated.filter(Boolean), [true]);
  await ring.refresh();
  assert.notEqual(ring.tokenKey().kid, before);
});

test('a compromised key ends at once, on every node, with all that it signed', async () => {
  const [one, two] = nodes.map(({ ring }) => ring);
  assert.ok(one && two);
  await one.refresh();
  const bad = one.tokenKey().kid;
  const rotation = await rotateTokenKey(house, 'hum_admin', { compromised: true });
  assert.ok(rotation !== 'too_soon');
  const until = Date.now() + 5_000;
  while (Date.now() < until && (one.keyByKid(bad) ?? two.keyByKid(bad)) !== undefined)
    await new Promise((resolve) => setTimeout(resolve, 5));
  for (const ring of [one, two]) {
    assert.equal(ring.keyByKid(bad), undefined);
    assert.equal(ring.tokenKey().kid, rotation.current);
  }
});

test('a house does not start with another key-encryption key, nor when rows were exchanged', async () => {
  const { feed } = nodes[0]!;
  await assert.rejects(openKeyRing({ db, sealer: createSealer(randomBytes(32)), clock, feed }), /does not open/);
  const { rows } = await db.query<{ kid: string; sealed: Buffer }>(
    `select kid, sealed from signing_key where state in ('current', 'next') and purpose = 'token' order by state`,
  );
  const [current, next] = rows;
  assert.ok(current && next);
  await db.query('update signing_key set sealed = $2 where kid = $1', [current.kid, next.sealed]);
  await assert.rejects(openKeyRing({ db, sealer, clock, feed }), /does not open/);
  await db.query('update signing_key set sealed = $2 where kid = $1', [current.kid, current.sealed]);
  const ring = await openKeyRing({ db, sealer, clock, feed });
  assert.equal(ring.tokenKey().kid, current.kid);
  ring.close();
});

test('a change of keys that cannot be read ends signing and verifying after a moment, and comes back by itself', async () => {
  const { feed } = nodes[0]!;
  let broken = false;
  const failing: Db = {
    ...db,
    query: (...args) => (broken ? Promise.reject(new Error('the database is gone')) : db.query(...args)),
    transaction: db.transaction,
  };
  const ring = await openKeyRing({ db: failing, sealer, clock, feed });
  broken = true;
  const { kid } = ring.tokenKey();
  const rotation = await rotateTokenKey(house, 'hum_admin', { compromised: true });
  assert.ok(rotation !== 'too_soon');
  const until = Date.now() + 6_000;
  while (Date.now() < until && ring.keyByKid(kid) !== undefined) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(ring.keyByKid(kid), undefined);
  assert.throws(() => ring.tokenKey(), { code: 'service.not_ready' });
  broken = false;
  while (Date.now() < until && ring.keyByKid(rotation.current) === undefined)
    await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(ring.tokenKey().kid, rotation.current);
  ring.close();
});
