import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, randomUUID, sign as signBytes } from 'node:crypto';
import { whoAmI } from '@surety/contract/registry-routes';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, test } from 'vitest';
import type { ByHand, Change } from './by-hand.ts';
import { protect } from './company.ts';
import {
  type ForgeKey,
  hashOf,
  makeKey,
  makeProof,
  nowSeconds,
  proofClaims,
  sign,
  signWithHmac,
  unsigned,
  withPart,
} from './forge.ts';
import { openRecordingSystem, type RecordingSystem } from './recording-system.ts';
import { bodyOf, type RawAnswer, sendRaw } from './raw-http.ts';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;
let agent: ByHand;
let thief: ForgeKey;
let other: RecordingSystem;
let payments: string;
let api: string;

beforeAll(async () => {
  rig = await openRig();
  other = await openRecordingSystem();
  await protect(rig.maya, 'shop', other.url);
  agent = await rig.hire('refund-bot', {
    permissions: [
      { system: 'payments', actions: ['refund'] },
      { system: 'shop', actions: ['refund'] },
    ],
  });
  thief = await makeKey();
  payments = `${rig.place.gateway}/mcp/payments`;
  api = `${rig.place.issuer}/v1`;
});
afterAll(async () => {
  await rig?.checkLog();
  await rig?.close();
  await other?.close();
});

/** Runs an attack, and asserts that no system was touched and nothing was intended. */
async function nothingHappens<Result>(attack: () => Promise<Result>): Promise<Result> {
  const before = {
    executed: rig.payments.executed.length + other.executed.length,
    intended: (await rig.entries('call.intended')).length,
  };
  const result = await attack();
  const after = {
    executed: rig.payments.executed.length + other.executed.length,
    intended: (await rig.entries('call.intended')).length,
  };
  assert.deepEqual(after, before);
  return result;
}

function assertChallenged({ status, headers }: RawAnswer, error: string): void {
  assert.equal(status, 401);
  assert.match(String(headers['www-authenticate']), new RegExp(`^DPoP .*error="${error}"`));
}

/** A refund at the gateway with something wrong; refused before anything was decided. */
async function refused(change: Change, error: string): Promise<void> {
  const told = await nothingHappens(() => agent.call('payments', 'refund', { order: 'attack', amount: 1 }, change));
  assert.equal(told.said, 'refused');
  assertChallenged(told.raw, error);
}

test('a stolen token is worth nothing without its key', async () => {
  await agent.token(payments);
  await refused({ proofKey: thief }, 'invalid_dpop_proof');
  await refused({ proofKey: thief, proofHeader: { jwk: agent.key.publicJwk } }, 'invalid_dpop_proof');
  const token = await agent.token(payments);
  const bare = await nothingHappens(() =>
    sendRaw(payments, { headers: { authorization: `DPoP ${token}`, 'content-type': 'application/json' }, body: '{}' }),
  );
  assertChallenged(bare, 'invalid_dpop_proof');
});

test('a token is not a Bearer token, wherever it is presented', async () => {
  await refused({ scheme: 'Bearer' }, 'invalid_token');
  await refused({ scheme: 'Bearer', headers: { dpop: [] } }, 'invalid_token');
  const answer = await rig.maya.byHand.api('GET', '/v1/whoami', undefined, { scheme: 'Bearer' });
  assertChallenged(answer, 'invalid_token');
  assert.equal(bodyOf(answer)['code'], 'token.not_bound');
});

test('a proof is used once', async () => {
  const token = await agent.token(payments);
  const proof = await agent.proof({ method: 'POST', url: payments, token });
  const first = await agent.call('payments', 'refund', { order: 'once', amount: 1 }, { proof });
  assert.equal(first.said, 'allowed', first.text);
  await refused({ proof }, 'invalid_dpop_proof');
  const listed = await nothingHappens(() => agent.message('payments', 'tools/list', {}, { proof }));
  assertChallenged(listed, 'invalid_dpop_proof');
});

test('of fifty at once with one proof exactly one passes', async () => {
  const token = await agent.token(payments);
  const proof = await agent.proof({ method: 'POST', url: payments, token });
  const all = await Promise.all(
    Array.from({ length: 50 }, () => agent.call('payments', 'refund', { order: 'fifty', amount: 1 }, { proof })),
  );
  assert.equal(all.filter(({ said }) => said === 'allowed').length, 1);
  for (const one of all.filter(({ said }) => said !== 'allowed')) assertChallenged(one.raw, 'invalid_dpop_proof');
  assert.equal(rig.payments.executed.filter(({ order }) => order === 'fifty').length, 1);
  const denied = await rig.entries('call.denied', agent.id);
  assert.ok(denied.filter(({ data }) => data['reason'] === 'proof.replayed').length >= 49);
});

test('one proof, fifty times at the API and at the token endpoint: one passes', async () => {
  const person = rig.maya.byHand;
  const token = await person.token(api);
  const proof = await person.proof({ method: 'GET', url: `${api}/whoami`, token });
  const asked = await Promise.all(Array.from({ length: 50 }, () => person.api('GET', '/v1/whoami', undefined, { proof })));
  assert.equal(asked.filter(({ status }) => status === 200).length, 1);
  const forToken = await agent.proof({ method: 'POST', url: `${rig.place.issuer}/token` });
  const before = (await rig.entries('token.issued', agent.id)).length;
  const given = await Promise.all(Array.from({ length: 50 }, () => agent.askToken(payments, { proof: forToken })));
  assert.equal(given.filter(({ status }) => status === 200).length, 1);
  assert.equal((await rig.entries('token.issued', agent.id)).length, before + 1);
});

test('one client assertion is good for one token', async () => {
  const assertion = await agent.assertion();
  const before = (await rig.entries('token.issued', agent.id)).length;
  const given = await Promise.all(
    Array.from({ length: 20 }, () => agent.askToken(payments, { form: { client_assertion: assertion } })),
  );
  assert.equal(given.filter(({ status }) => status === 200).length, 1);
  for (const one of given.filter(({ status }) => status !== 200)) assert.equal(bodyOf(one)['error'], 'invalid_client');
  assert.equal((await rig.entries('token.issued', agent.id)).length, before + 1);
});

test('a proof for another request, another time, another token or without our nonce is refused', async () => {
  const shop = `${rig.place.gateway}/mcp/shop`;
  for (const htu of [
    shop,
    `${rig.place.gateway}/mcp`,
    payments.replace('http:', 'https:'),
    payments.replace('127.0.0.1', 'localhost'),
    `${payments}/`,
  ]) {
    await refused({ proofClaims: { htu } }, 'invalid_dpop_proof');
  }
  for (const htm of ['GET', 'post', 'DELETE', undefined]) await refused({ proofClaims: { htm } }, 'invalid_dpop_proof');
  for (const ath of [hashOf(await agent.token(shop)), '', undefined])
    await refused({ proofClaims: { ath } }, 'invalid_dpop_proof');
  for (const iat of [nowSeconds() - 120, nowSeconds() + 120, 0, '1', nowSeconds() + 0.5])
    await refused({ proofClaims: { iat } }, 'invalid_dpop_proof');
  for (const jti of ['', undefined, 'x'.repeat(300), 5]) await refused({ proofClaims: { jti } }, 'invalid_dpop_proof');
  for (const nonce of [undefined, 'x'.repeat(32), (await agent.nonce()).slice(1)])
    await refused({ proofClaims: { nonce } }, 'use_dpop_nonce');
  for (const typ of ['JWT', 'at+jwt', undefined]) await refused({ proofHeader: { typ } }, 'invalid_dpop_proof');
  await refused({ proofHeader: { jwk: agent.key.privateJwk } }, 'invalid_dpop_proof');
});

test('two proofs, two tokens or a proof that nobody signed are refused', async () => {
  const token = await agent.token(payments);
  const request = { method: 'POST', url: payments, token };
  const [one, two] = [await agent.proof(request), await agent.proof(request)];
  await refused({ headers: { dpop: [one, two] } }, 'invalid_dpop_proof');
  const claims = proofClaims({ ...request, nonce: await agent.nonce() });
  const header = { typ: 'dpop+jwt', jwk: agent.key.publicJwk };
  await refused({ proof: unsigned(header, claims) }, 'invalid_dpop_proof');
  await refused({ proof: signWithHmac(JSON.stringify(agent.key.publicJwk), header, claims) }, 'invalid_dpop_proof');
  const doubled = await nothingHappens(() =>
    sendRaw(payments, {
      headers: { authorization: [`DPoP ${token}`, `DPoP ${token}`], dpop: one, 'content-type': 'application/json' },
      body: '{}',
    }),
  );
  assert.equal(doubled.status >= 400, true);
});

test('a token that the issuer did not sign is no token, whatever its header says', async () => {
  const good = await agent.token(payments);
  const [header, claims] = [decodeProtectedHeader(good), decodeJwt(good)];
  const { keys } = bodyOf(await sendRaw(`${rig.place.issuer}/jwks`, { method: 'GET' })) as { keys: Record<string, unknown>[] };
  const house = keys.find(({ kid }) => kid === header.kid) ?? {};
  const pem = createPublicKey({ key: house as never, format: 'jwk' })
    .export({ type: 'spki', format: 'pem' })
    .toString();
  const mine = { ...claims, cnf: { jkt: thief.jkt } };
  const forged = [
    unsigned(header, claims),
    unsigned({ ...header, alg: 'None' }, claims),
    signWithHmac(pem, { ...header, alg: 'HS256' }, claims),
    signWithHmac(JSON.stringify(house), { ...header, alg: 'HS256' }, claims),
    await sign(thief, header, claims),
    await sign(thief, { ...header, jwk: thief.publicJwk }, mine),
    await sign(thief, { typ: 'at+jwt', kid: thief.jkt, jwk: thief.publicJwk }, mine),
    await sign(thief, { typ: 'at+jwt', kid: thief.jkt, jku: `${other.url}/jwks` }, mine),
    await sign(thief, { ...header, kid: '../../../../dev/null' }, claims),
    await sign(thief, { ...header, kid: `${header.kid}' or '1'='1` }, claims),
    await sign(thief, { ...header, crit: ['b64'], b64: false }, claims),
    withPart(good, 1, { ...claims, sub: rig.maya.id }),
    withPart(good, 1, { ...claims, exp: nowSeconds() + 86_400 }),
    withPart(good, 0, { ...header, typ: 'JWT' }),
    `${good.slice(0, -6)}AAAAAA`,
    await agent.assertion({ aud: payments }),
  ];
  for (const token of forged) {
    for (const proofKey of [agent.key, thief]) await refused({ token, proofKey }, 'invalid_token');
  }
  assert.equal(other.executed.length, 0);
});

test('a token for one resource is none for another', async () => {
  const shop = `${rig.place.gateway}/mcp/shop`;
  await refused({ token: await agent.token(shop) }, 'invalid_token');
  await refused({ token: await agent.token(api) }, 'invalid_token');
  await refused({ token: await rig.maya.byHand.token(api), proofKey: rig.maya.key }, 'invalid_token');
  const answer = await agent.api('GET', '/v1/whoami', undefined, { token: await agent.token(payments) });
  assertChallenged(answer, 'invalid_token');
  const both = await agent.askToken(payments, { form: { resource: undefined, audience: payments } });
  assert.deepEqual([both.status, bodyOf(both)['error']], [400, 'invalid_target']);
  for (const resource of [
    'https://evil.example/mcp/payments',
    `${payments}/`,
    `${payments}?x=1`,
    `${rig.place.gateway}/mcp/nothing`,
    rig.place.gateway,
  ]) {
    assert.equal(bodyOf(await agent.askToken(resource))['error'], 'invalid_target', resource);
  }
  assert.equal(bodyOf(await rig.maya.byHand.askToken(payments))['error'], 'invalid_target', 'a person calls no tools');
});

test('a client assertion that is not exactly by an enrolled key, for us, now, gives no token', async () => {
  const { issuer } = rig.place;
  const house = decodeProtectedHeader(await agent.token(payments)).kid;
  const assertions = [
    await agent.assertion({}, {}, thief),
    await agent.assertion({}, { kid: agent.key.jkt }, thief),
    await agent.assertion({}, { kid: thief.jkt, jwk: thief.publicJwk }, thief),
    await agent.assertion({}, { kid: house }),
    await agent.assertion({ aud: [issuer, 'https://evil.example'] }),
    await agent.assertion({ aud: `${issuer}/token` }),
    await agent.assertion({ aud: 'https://evil.example' }),
    await agent.assertion({ iss: rig.maya.id }),
    await agent.assertion({ iss: rig.maya.id, sub: rig.maya.id }),
    await agent.assertion({ exp: nowSeconds() - 1 }),
    await agent.assertion({ exp: nowSeconds() + 86_400 }),
    await agent.assertion({ exp: undefined }),
    await agent.assertion({ jti: undefined }),
    await agent.assertion({ iat: nowSeconds() + 600 }),
    await agent.assertion({}, { typ: 'dpop+jwt' }),
    unsigned(
      { typ: 'JWT', kid: agent.key.jkt },
      { iss: agent.id, sub: agent.id, aud: issuer, jti: randomUUID(), exp: nowSeconds() + 60 },
    ),
    await agent.token(payments),
  ];
  const before = (await rig.entries('token.issued')).length;
  for (const client_assertion of assertions) {
    const answer = await agent.askToken(payments, { form: { client_assertion } });
    assert.equal(bodyOf(answer)['error'], 'invalid_client', decodeURIComponent(client_assertion).slice(0, 80));
  }
  const secret = await agent.askToken(payments, { form: { client_secret: 'guess' } });
  assert.equal(bodyOf(secret)['error'], 'invalid_client');
  assert.equal((await rig.entries('token.issued')).length, before);
});

test('a proof by a key that is not EC P-256 or Ed25519 is refused', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const claims = proofClaims({ method: 'POST', url: payments, token: await agent.token(payments), nonce: await agent.nonce() });
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${part({ alg: 'RS256', typ: 'dpop+jwt', jwk: publicKey.export({ format: 'jwk' }) })}.${part(claims)}`;
  await refused(
    { proof: `${input}.${signBytes('sha256', Buffer.from(input), privateKey).toString('base64url')}` },
    'invalid_dpop_proof',
  );
  await refused({ proof: await makeProof(agent.key, claims, { crit: ['exp'], exp: 1 }) }, 'invalid_dpop_proof');
});

test('after all of this the agent and the person still work', async () => {
  assert.equal((await agent.call('payments', 'refund', { order: 'last', amount: 1 })).said, 'allowed');
  assert.equal((await rig.maya.client.call(whoAmI, {})).principal, rig.maya.id);
});
