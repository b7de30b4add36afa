import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { generateSigningKey, type SigningKey } from '@surety/proof/jwk';
import { exportSPKI, generateKeyPair } from 'jose';
import { afterAll, beforeAll, test } from 'vitest';
import { addIssuer } from '#federation/add-issuer';
import { addMatch } from '#federation/add-match';
import { acceptManifest } from '#federation/accept-manifest';
import { endExpiredInstances } from '#federation/end-expired-instances';
import { removeIssuer } from '#federation/remove-issuer';
import { removeMatch } from '#federation/remove-match';
import { openPlatform, type Platform } from '#federation/testing/platform';
import { type Authority, openAuthority } from '#http/testing/authority';
import { type Answer, type Client, openClient, post, type Principal } from '#http/testing/client';
import { changeHuman } from '#registry/change-human';
import { moveAgent } from '#registry/move-agent';

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const repository = 'acme/deployer';

let authority: Authority;
let github: Platform;
let agent: Principal;
let client: Client;
let resource: string;
let matchId: string;

const house = () => ({ db: authority.db, clock: authority.clock, issuer: authority.issuer, allowLoopback: true });
const trust = (platform: Platform, more: object = {}) =>
  addIssuer(house(), authority.admin, {
    name: `p-${randomUUID().slice(0, 8)}`,
    kind: 'github',
    issuer: platform.issuer,
    keys: { from: 'discovery' },
    algs: ['ES256'],
    isInternal: false,
    ...more,
  });

beforeAll(async () => {
  authority = await openAuthority();
  await authority.system('crm');
  resource = `${authority.gatewayUrl}/mcp/crm`;
  agent = await authority.agent();
  client = openClient(authority.issuer, agent, resource);
  github = await openPlatform({ audience: authority.issuer, now: authority.clock });
  await trust(github, { name: 'github' });
  matchId = (
    await authority.settled(
      addMatch(house(), authority.admin, { issuer: 'github', claims: { repository, environment: 'prod' }, agent: agent.id }),
    )
  ).id;
});
afterAll(async () => {
  await github.close();
  await authority.close();
});

const good = { sub: `repo:${repository}:environment:prod`, repository, environment: 'prod' };

/** Asks with an assertion and a key of its own. */
async function ask(assertion: string, key: SigningKey = generateSigningKey(), parameters: object = {}): Promise<Answer> {
  await client.nonce();
  const form = new URLSearchParams({ grant_type: jwtBearer, assertion, resource, ...parameters });
  return post(`${authority.issuer}/token`, form, { dpop: client.proof({}, {}, key) });
}

async function refuses(
  assertion: string,
  { error = 'invalid_grant', code = 'assertion.refused', key = generateSigningKey() } = {},
): Promise<void> {
  const before = await countKeys();
  const { status, body } = await ask(assertion, key);
  assert.deepEqual([body['error'], body['code']], [error, code], JSON.stringify(body));
  assert.ok(status >= 400);
  assert.equal(await countKeys(), before);
}

async function countKeys(): Promise<number> {
  const { rows } = await authority.db.query<{ count: number }>('select count(*) as count from credential');
  return rows[0]!.count;
}

test('a workload arrives with the word of its platform, gets a token bound to a key of its own, and all of it is recorded', async () => {
  const key = generateSigningKey();
  const { status, body } = await ask(await github.assertion(good), key);
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(body['token_type'], 'DPoP');
  const { rows } = await authority.db.query<{ label: string; jkt: string; principal: string }>(
    'select label, jkt, principal from credential where jkt = $1',
    [key.jkt],
  );
  assert.deepEqual(rows, [{ label: `github ${good.sub}`, jkt: key.jkt, principal: agent.id }]);
  const entries = await authority.db.query<{ body: string }>(
    `select body from entry where type = 'instance.admitted' and about = $1`,
    [agent.id],
  );
  assert.ok(entries.rows.some((entry) => entry.body.includes(good.sub) && entry.body.includes(matchId)));
});

test('the same copy comes again with a new word, and the key alone proves it as long as that word holds, no longer', async () => {
  const key = generateSigningKey();
  assert.equal((await ask(await github.assertion(good), key)).status, 200);
  assert.equal((await ask(await github.assertion(good), key)).status, 200);
  const self = openClient(authority.issuer, { ...agent, key }, resource, authority.clock);
  assert.equal((await self.token()).status, 200);
  try {
    authority.clock.moveMs = 301_000;
    const later = openClient(authority.issuer, { ...agent, key }, resource, authority.clock);
    assert.equal((await later.token()).body['error'], 'invalid_client');
  } finally {
    authority.clock.moveMs = 0;
  }
});

test('the key of a copy that has not come back is ended, and a copy that comes late makes a new one', async () => {
  const key = generateSigningKey();
  assert.equal((await ask(await github.assertion(good), key)).status, 200);
  const late = { db: authority.db, clock: () => Date.now() + 3_600_000 + 290_000 };
  await endExpiredInstances(late);
  assert.equal((await ask(await github.assertion(good), key)).status, 200);
  await authority.settled(endExpiredInstances({ ...late, clock: () => Date.now() + 3_600_000 + 302_000 }));
  await refuses(await github.assertion(good), { error: 'invalid_request', code: 'key.refused', key });
  assert.equal((await ask(await github.assertion(good))).status, 200);
});

test('an assertion is good once, whoever brings it, with whatever key, from however many at once', async () => {
  const assertion = await github.assertion(good);
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask(assertion)));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  const withoutJti = await github.assertion({ ...good, jti: undefined });
  assert.equal((await ask(withoutJti)).status, 200);
  await refuses(withoutJti);
  const jti = randomUUID();
  assert.equal((await ask(await github.assertion({ ...good, jti }))).status, 200);
  await refuses(await github.assertion({ ...good, jti, extra: 'another text' }));
});

test('one claim, one character, one kind off, and it is nobody: matches are exact', async () => {
  const near = [
    { repository: 'acme/deployer-evil' },
    { repository: 'evil-acme/deployer' },
    { repository: 'evil/acme/deployer' },
    { repository: 'acme/deployer/' },
    { repository: 'ACME/deployer' },
    { repository: 'acme/deployer ' },
    { repository: 'acme/depl\u043eyer' },
    { repository: 'acme/deployer\u0000' },
    { repository: ['acme/deployer'] },
    { repository: { toString: 'acme/deployer' } },
    { repository: undefined },
    { repository: undefined, Repository: repository },
    { environment: 'production' },
    { environment: undefined },
    { environment: true },
  ];
  for (const change of near) await refuses(await github.assertion({ ...good, ...change }));
});

test('audience, dates and issuer are as they must be, or it is refused', async () => {
  const now = Math.floor(Date.now() / 1_000);
  const wrong = [
    { aud: `${authority.issuer}/` },
    { aud: `${authority.issuer}/token` },
    { aud: [authority.issuer] },
    { aud: [authority.issuer, 'https://other.example'] },
    { aud: undefined },
    { exp: now - 1 },
    { exp: undefined },
    { exp: now + 86_400 },
    { exp: String(now + 60) },
    { exp: now + 60.5 },
    { iat: undefined },
    { iat: now + 120 },
    { iat: now - 3_600, exp: now + 60 },
    { nbf: now + 120 },
    { iss: `${github.issuer}/` },
    { iss: github.issuer.toUpperCase() },
    { iss: `${github.issuer}.evil.example` },
    { iss: authority.issuer },
    { iss: undefined },
    { iss: [github.issuer] },
    { sub: undefined },
    { sub: '' },
    { jti: 7 },
  ];
  for (const change of wrong) await refuses(await github.assertion({ ...good, ...change }));
});

test('no token chooses its key or its algorithm', async () => {
  const own = await generateKeyPair('ES256', { extractable: true });
  for (const header of [
    { typ: 'at+jwt' },
    { typ: 'oauth-id-jag+jwt' },
    { typ: 'client-authentication+jwt' },
    { jku: 'http://127.0.0.1:1/keys' },
    { x5u: 'http://127.0.0.1:1/keys' },
    { jwk: await github.jwk() },
    { kid: 'key-of-another' },
    { kid: '../../dev/null' },
  ])
    await refuses(await github.assertion(good, header));
  await refuses(await github.assertion(good, {}, own.privateKey));
  const rsa = await generateKeyPair('RS256');
  await refuses(await github.assertion(good, { alg: 'RS256' }, rsa.privateKey));

  const [, body = '', signature = ''] = (await github.assertion(good)).split('.');
  const head = (members: object) =>
    Buffer.from(JSON.stringify({ kid: github.kid, typ: 'JWT', ...members })).toString('base64url');
  for (const alg of ['none', 'None', 'nOnE', '', null, ['ES256'], 'HS256', 'ES256K']) {
    await refuses(`${head({ alg })}.${body}.${signature}`);
    await refuses(`${head({ alg })}.${body}.`, { error: 'invalid_grant' });
  }
  for (const secret of [await exportSPKI(github.keys.publicKey), JSON.stringify(await github.jwk())]) {
    const input = `${head({ alg: 'HS256' })}.${body}`;
    await refuses(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`);
  }
  const twice = Buffer.from(`{"alg":"ES256","alg":"none","kid":"${github.kid}"}`).toString('base64url');
  await refuses(`${twice}.${body}.${signature}`);
  await refuses(`${head({ alg: 'ES256', crit: ['exp'] })}.${body}.${signature}`);
});

test('the keys of issuers are never mixed: a kid of one says nothing at another', async () => {
  const other = await openPlatform({ audience: authority.issuer, now: authority.clock });
  try {
    await authority.settled(trust(other));
    await refuses(await other.assertion(good));
    await refuses(await github.assertion(good, { kid: other.kid }, other.keys.privateKey));
    await refuses(await other.assertion({ ...good, iss: github.issuer }));
    assert.equal((await ask(await github.assertion(good))).status, 200);
  } finally {
    await other.close();
  }
});

test('one key is one copy: of another subject, another run or another principal it is refused and found', async () => {
  const key = generateSigningKey();
  const run = { ...good, run_id: '1', run_attempt: '1' };
  assert.equal((await ask(await github.assertion(run), key)).status, 200);
  const before = await authority.count('instance.key_reused', agent.id);
  const reused = { code: 'instance.key_reused', key };
  await refuses(await github.assertion({ ...run, run_id: '2' }), reused);
  await refuses(await github.assertion({ ...run, sub: 'repo:acme/deployer:pull_request' }), reused);
  assert.equal(await authority.count('instance.key_reused', agent.id), before + 2);
  await refuses(await github.assertion(good), { code: 'instance.key_reused', key: agent.key });
  const stranger = await authority.agent();
  await refuses(await github.assertion(good), { code: 'instance.key_reused', key: stranger.key });
  assert.equal((await ask(await github.assertion(run), key)).status, 200);
});

test('a match that ends, or its issuer, takes the keys and tokens that it gave with it', async () => {
  const own = await authority.agent();
  const { id } = await authority.settled(
    addMatch(house(), authority.admin, { issuer: 'github', claims: { repository: 'acme/short' }, agent: own.id }),
  );
  const claims = { sub: 'repo:acme/short', repository: 'acme/short' };
  const key = generateSigningKey();
  const { body } = await ask(await github.assertion(claims), key);
  const reader = openClient(authority.issuer, own, resource);
  const live = async (token: unknown) => (await reader.ask('/introspect', String(token))).body['active'];
  assert.equal(await live(body['access_token']), true);
  await authority.settled(removeMatch(house(), authority.admin, { match: id }));
  assert.equal(await live(body['access_token']), false);
  await refuses(await github.assertion(claims));
  assert.equal((await openClient(authority.issuer, { ...own, key }, resource).token()).body['error'], 'invalid_client');

  const brief = await openPlatform({ audience: authority.issuer, now: authority.clock });
  try {
    const { id: issuer } = await trust(brief);
    await authority.settled(addMatch(house(), authority.admin, { issuer, claims: { repository: 'acme/short' }, agent: own.id }));
    const second = await ask(await brief.assertion(claims));
    assert.equal(await live(second.body['access_token']), true);
    await authority.settled(removeIssuer(house(), authority.admin, { issuer }));
    assert.equal(await live(second.body['access_token']), false);
    await refuses(await brief.assertion(claims));
  } finally {
    await brief.close();
  }
});

test('a match that goes while a storm of workloads arrives leaves no live key behind', async () => {
  const own = await authority.agent();
  const claims = { sub: 'repo:acme/storm', repository: 'acme/storm' };
  const { id } = await authority.settled(
    addMatch(house(), authority.admin, { issuer: 'github', claims: { repository: 'acme/storm' }, agent: own.id }),
  );
  const assertions = await Promise.all(Array.from({ length: 10 }, () => github.assertion(claims)));
  await Promise.all([...assertions.map((assertion) => ask(assertion)), removeMatch(house(), authority.admin, { match: id })]);
  const { rows } = await authority.db.query<{ count: number }>(
    `select count(*) as count from credential where principal = $1 and state = 'active' and expires_at is not null`,
    [own.id],
  );
  assert.equal(rows[0]?.count, 0);
});

test('whoever is not active gets nothing, whatever its platform says: draft, suspended, retired, and with an owner who left', async () => {
  const owner = await authority.human(['owner']);
  const own = await authority.agent({ owner: owner.id, activate: false });
  const claims = { sub: 'repo:acme/states', repository: 'acme/states' };
  await authority.settled(
    addMatch(house(), authority.admin, { issuer: 'github', claims: { repository: 'acme/states' }, agent: own.id }),
  );
  const move = (to: 'active' | 'suspended' | 'retired') =>
    authority.settled(moveAgent(house(), authority.admin, { agent: own.id, to, reason: 'test' }));
  await refuses(await github.assertion(claims), { code: 'agent.awaits_owner' });
  await move('active');
  assert.equal((await ask(await github.assertion(claims))).status, 200);
  await move('suspended');
  await refuses(await github.assertion(claims), { code: 'grant.refused' });
  await move('active');
  await authority.settled(changeHuman(house(), authority.admin, { human: owner.id, state: 'left' }));
  const left = await ask(await github.assertion(claims));
  assert.deepEqual([left.status, left.body['code']], [400, 'grant.refused']);
  await move('retired');
  await refuses(await github.assertion(claims), { code: 'grant.refused' });
});

test('two matches that an assertion meets are one too many', async () => {
  const own = await authority.agent();
  const claims = { sub: 'repo:acme/two', repository: 'acme/two', ref: 'refs/heads/main' };
  for (const more of [{}, { ref: 'refs/heads/main' }])
    await authority.settled(
      addMatch(house(), authority.admin, { issuer: 'github', claims: { repository: 'acme/two', ...more }, agent: own.id }),
    );
  await refuses(await github.assertion(claims));
  assert.equal((await ask(await github.assertion({ ...claims, ref: 'refs/heads/other' }))).status, 200);
});

test('what a copy is made of: its own word or its issuer says, and what nobody accepted is kept as that', async () => {
  const own = await authority.agent();
  const claims = { sub: 'repo:acme/made', repository: 'acme/made', image: 'sha256:0123456789abcdef' };
  const read = async (jkt: string) => {
    const { rows } = await authority.db.query<{
      manifest_digest: string;
      manifest_attested: boolean;
      manifest_accepted: boolean;
    }>('select manifest_digest, manifest_attested, manifest_accepted from credential where jkt = $1', [jkt]);
    return rows[0] && Object.values(rows[0]);
  };
  const match = await authority.settled(
    addMatch(house(), authority.admin, { issuer: 'github', claims: { repository: 'acme/made' }, agent: own.id }),
  );
  const said = generateSigningKey();
  await ask(await github.assertion(claims), said, { manifest_digest: 'sha256:fedcba9876543210' });
  assert.deepEqual(await read(said.jkt), ['sha256:fedcba9876543210', false, false]);
  await authority.settled(acceptManifest(house(), own.owner, { agent: own.id, digest: 'sha256:fedcba9876543210' }));
  assert.deepEqual(await read(said.jkt), ['sha256:fedcba9876543210', false, true]);
  assert.equal((await ask(await github.assertion(claims), said, { manifest_digest: 'short' })).body['error'], 'invalid_request');

  await authority.settled(removeMatch(house(), authority.admin, { match: match.id }));
  const attesting = { issuer: 'github', claims: { repository: 'acme/made' }, agent: own.id, manifestClaim: 'image' };
  await authority.settled(addMatch(house(), authority.admin, attesting));
  const attested = generateSigningKey();
  await ask(await github.assertion(claims), attested, { manifest_digest: 'sha256:fedcba9876543210' });
  assert.deepEqual(await read(attested.jkt), ['sha256:0123456789abcdef', true, false]);
  await refuses(await github.assertion({ ...claims, image: undefined }));
});

test('a copy whose key a person enrolled says what it is made of, too; what it says replaces nothing that was attested', async () => {
  const own = await authority.agent();
  const mine = openClient(authority.issuer, own, resource);
  const read = async () => {
    const { rows } = await authority.db.query<{ manifest_digest: string | null; manifest_accepted: boolean }>(
      'select manifest_digest, manifest_accepted from credential where id = $1',
      [own.credential],
    );
    return rows[0] && Object.values(rows[0]);
  };
  assert.equal((await mine.token()).status, 200);
  assert.deepEqual(await read(), [null, true]);
  for (let n = 0; n < 2; n++) assert.equal((await mine.token({ manifest_digest: 'sha256:0123456789abcdef' })).status, 200);
  assert.deepEqual(await read(), ['sha256:0123456789abcdef', false]);
  assert.equal(await authority.count('instance.described', own.id), 1);
  await authority.db.query(`update credential set manifest_attested = true where id = $1`, [own.credential]);
  assert.equal((await mine.token({ manifest_digest: 'sha256:fedcba9876543210' })).status, 200);
  assert.deepEqual(await read(), ['sha256:0123456789abcdef', false]);
});

test('a second way to authenticate, another client id and a resource that nobody knows are refused before anything is used up', async () => {
  const assertion = await github.assertion(good);
  const two = await ask(assertion, undefined, { client_assertion: client.assertion(), client_assertion_type: 'x' });
  assert.equal(two.body['error'], 'invalid_client');
  assert.equal(
    (await ask(assertion, undefined, { client_id: 'agt_00000000000000000000000000' })).body['error'],
    'invalid_client',
  );
  assert.equal((await ask(assertion, undefined, { resource: `${resource}x` })).body['error'], 'invalid_target');
  const { status, body } = await ask(assertion, undefined, { client_id: agent.id });
  assert.deepEqual([status, body['client_id']], [200, agent.id]);
});
