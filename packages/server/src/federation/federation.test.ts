import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { generateSigningKey } from '@surety/proof/jwk';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, test } from 'vitest';
import { type Authority, openAuthority } from '#http/testing/authority';
import { type Answer, type Client, openClient, post, type Principal } from '#http/testing/client';
import { moveAgent } from '#registry/move-agent';
import { addIssuer } from './add-issuer.ts';
import { addMatch } from './add-match.ts';
import { changeIssuer } from './change-issuer.ts';
import { removeMatch } from './remove-match.ts';
import { openPlatform, type Platform } from './testing/platform.ts';

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const jwtSpiffe = 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe';

let authority: Authority;
let client: Client;
let resource: string;
let platform: Platform;
let spire: Platform;
let receiver: Principal;

const house = () => ({ db: authority.db, clock: authority.clock, issuer: authority.issuer, allowLoopback: true });

beforeAll(async () => {
  authority = await openAuthority();
  await authority.system('crm');
  resource = `${authority.gatewayUrl}/mcp/crm`;
  receiver = await authority.human(['owner']);
  client = openClient(authority.issuer, await authority.agent(), resource);
  platform = await openPlatform({ audience: authority.issuer, alg: 'EdDSA' });
  spire = await openPlatform({ audience: authority.issuer });
  await addIssuer(house(), authority.admin, {
    name: 'agents',
    kind: 'workload-grant',
    issuer: platform.issuer,
    keys: { from: 'discovery' },
    isInternal: false,
    receiver: receiver.id,
  });
  const jwk = { ...(await spire.jwk()), use: 'jwt-svid' };
  await authority.settled(
    addIssuer(house(), authority.admin, {
      name: 'mesh',
      kind: 'spiffe',
      issuer: 'spiffe://acme.example',
      keys: { from: 'pinned', keys: [jwk] },
      isInternal: false,
    }),
  );
});
afterAll(async () => {
  await Promise.all([platform.close(), spire.close()]);
  await authority.close();
});

async function ask(parameters: Record<string, string>, key = generateSigningKey()): Promise<Answer> {
  await client.nonce();
  return post(`${authority.issuer}/token`, new URLSearchParams({ resource, ...parameters }), { dpop: client.proof({}, {}, key) });
}

const arrive = async (claims: object, key = generateSigningKey()) =>
  ask({ grant_type: jwtBearer, assertion: await platform.assertion(claims) }, key);

const agentOf = async (subject: string) => {
  const { rows } = await authority.db.query<{ id: string; name: string; display_name: string; state: string; owner: string }>(
    `select agent.id, agent.name, agent.display_name, agent.state, agent.owner
     from issuer_subject join agent on agent.id = issuer_subject.agent where issuer_subject.subject = $1`,
    [subject],
  );
  return rows;
};

test('an agent that its platform names and nobody has seen waits as a draft until a person starts it, and stays that agent', async () => {
  const claims = { sub: 'wimse://acme.agents.example/agent/7f3d', name: 'Support Triage \u202eAgent' };
  const answers = await Promise.all(Array.from({ length: 6 }, () => arrive(claims)));
  for (const { status, body } of answers) assert.deepEqual([status, body['code']], [400, 'agent.awaits_owner']);
  const [draft, ...others] = await agentOf(claims.sub);
  assert.equal(others.length, 0);
  assert.deepEqual([draft?.state, draft?.owner, draft?.display_name], ['draft', receiver.id, 'Support Triage  Agent']);
  await authority.settled(moveAgent(house(), receiver.id, { agent: draft!.id, to: 'active', reason: 'known' }));
  assert.equal((await arrive({ ...claims, name: 'Another Name' })).status, 200);
  assert.equal((await agentOf(claims.sub))[0]?.display_name, 'Support Triage  Agent');
  assert.equal((await arrive({ ...claims, sub: `${claims.sub}x` })).body['code'], 'agent.awaits_owner');
});

test('a name is shown and never decides: two agents with the same one are two, and no name is taken from anybody', async () => {
  for (const sub of ['wimse://a/1', 'wimse://a/2', 'wimse://a/3']) await arrive({ sub, name: 'Same \u0000\u200b' });
  const rows = await Promise.all(['wimse://a/1', 'wimse://a/2', 'wimse://a/3'].map(agentOf));
  assert.equal(new Set(rows.flat().map(({ name }) => name)).size, 3);
  assert.ok(rows.flat().every(({ display_name }) => display_name === 'Same'));
});

test('a subject is one agent for good: not given to another, and not noticed again when a person took it away', async () => {
  const sub = 'wimse://acme.agents.example/agent/once';
  await arrive({ sub });
  const [draft] = await agentOf(sub);
  const other = await authority.agent();
  const taken = addMatch(house(), authority.admin, { issuer: 'agents', claims: { sub }, agent: other.id });
  await assert.rejects(taken, { code: 'issuer.match_refused' });
  const { rows } = await authority.db.query<{ id: string }>('select id from issuer_match where agent = $1', [draft!.id]);
  await authority.settled(removeMatch(house(), authority.admin, { match: rows[0]!.id }));
  assert.equal((await arrive({ sub })).body['code'], 'assertion.refused');
  assert.equal((await agentOf(sub)).length, 1);
});

test('a workload of a mesh comes with its SVID alone, as grant or as client authentication, by id or below a path', async () => {
  const one = await authority.agent();
  const many = await authority.agent();
  const id = 'spiffe://acme.example/ns/prod/sa/refunds';
  await addMatch(house(), authority.admin, { issuer: 'mesh', claims: { sub: id }, agent: one.id });
  await authority.settled(
    addMatch(house(), authority.admin, { issuer: 'mesh', claims: {}, below: 'spiffe://acme.example/batch/', agent: many.id }),
  );
  const svid = (sub: string, claims: object = {}, header: object = {}) =>
    spire.assertion({ iss: undefined, iat: undefined, sub, aud: [authority.issuer], ...claims }, header);
  const grant = async (assertion: string) => ask({ grant_type: jwtBearer, assertion });
  const authenticate = async (assertion: string, more: Record<string, string> = {}) =>
    ask({ grant_type: 'client_credentials', client_assertion_type: jwtSpiffe, client_assertion: assertion, ...more });

  assert.equal((await grant(await svid(id))).status, 200);
  assert.equal((await authenticate(await svid(id), { client_id: id })).status, 200);
  assert.equal((await authenticate(await svid('spiffe://ACME.example/batch/7'))).status, 200);
  const twice = await svid(id);
  assert.equal((await authenticate(twice)).status, 200);
  assert.equal((await authenticate(twice)).body['error'], 'invalid_client');

  const wrong = [
    'spiffe://acme.example/ns/prod/sa/refunds/x',
    'spiffe://acme.example/ns/prod/sa/Refunds',
    'spiffe://acme.example/batch',
    'spiffe://acme.example/batch/',
    'spiffe://acme.example/batches/7',
    'spiffe://acme.example/batch/../ns/prod/sa/refunds',
    'spiffe://evil.example/ns/prod/sa/refunds',
    'spiffe://acme.example.evil/batch/7',
    'spiffe://acme.example/batch/7?x',
    'https://acme.example/batch/7',
  ];
  for (const sub of wrong) {
    assert.equal((await grant(await svid(sub))).body['error'], 'invalid_grant', sub);
    assert.equal((await authenticate(await svid(sub))).body['error'], 'invalid_client', sub);
  }
  const other = await svid(id, { aud: [authority.issuer, 'https://other.example'] });
  assert.equal((await authenticate(other)).body['error'], 'invalid_client');
  assert.equal((await authenticate(await svid(id), { client_id: many.id })).body['error'], 'invalid_client');
  const inspect = { token: 'x', client_assertion_type: jwtSpiffe, client_assertion: await svid(id) };
  const answer = await post(`${authority.issuer}/introspect`, new URLSearchParams(inspect));
  assert.equal(answer.body['error'], 'invalid_client');
});

test('a kubernetes service account of another namespace or cluster is nobody', async () => {
  const cluster = await openPlatform({ audience: authority.issuer, alg: 'RS256', path: '/id/cluster-1' });
  try {
    const own = await authority.agent();
    await addIssuer(house(), authority.admin, {
      name: 'cluster-1',
      kind: 'kubernetes',
      issuer: cluster.issuer,
      keys: { from: 'pinned', keys: [await cluster.jwk()] } as never,
      isInternal: false,
    });
    const claims = { '/kubernetes.io/namespace': 'prod', '/kubernetes.io/serviceaccount/name': 'refunds' };
    await authority.settled(addMatch(house(), authority.admin, { issuer: 'cluster-1', claims, agent: own.id }));
    const pod = (namespace: string, name: string, more: object = {}) =>
      cluster.assertion({
        aud: [authority.issuer],
        sub: `system:serviceaccount:${namespace}:${name}`,
        'kubernetes.io': { namespace, serviceaccount: { name, uid: 'u' }, pod: { name: 'p', uid: randomUUID() } },
        ...more,
      });
    const grant = async (assertion: string) => (await ask({ grant_type: jwtBearer, assertion })).body['code'] ?? 'token';
    assert.equal(await grant(await pod('prod', 'refunds')), 'token');
    assert.equal(await grant(await pod('prod2', 'refunds')), 'assertion.refused');
    assert.equal(await grant(await pod('prod', 'refunds-2')), 'assertion.refused');
    assert.equal(await grant(await pod('prod', 'refunds', { iss: `${cluster.issuer}0` })), 'assertion.refused');
    assert.equal(
      await grant(await pod('prod', 'refunds', { 'kubernetes.io/namespace': 'prod', 'kubernetes.io': {} })),
      'assertion.refused',
    );
  } finally {
    await cluster.close();
  }
});

test('what an official client library sends for this grant is understood', async () => {
  const own = await authority.agent();
  const sub = 'spiffe://acme.example/library';
  await authority.settled(addMatch(house(), authority.admin, { issuer: 'mesh', claims: { sub }, agent: own.id }));
  const server = { issuer: authority.issuer, token_endpoint: `${authority.issuer}/token` };
  const library: oauth.Client = { client_id: sub };
  const options = { [oauth.allowInsecureRequests]: true };
  const DPoP = oauth.DPoP(library, await oauth.generateKeyPair('ES256'));
  const send = async () => {
    const assertion = await spire.assertion({ sub });
    const parameters = new URLSearchParams({ assertion, resource });
    const response = await oauth.genericTokenEndpointRequest(server, library, oauth.None(), jwtBearer, parameters, {
      ...options,
      DPoP,
    });
    return oauth.processGenericTokenEndpointResponse(server, library, response);
  };
  const token = await send().catch((thrown: unknown) => (oauth.isDPoPNonceError(thrown) ? send() : Promise.reject(thrown)));
  assert.equal(token.token_type, 'dpop');
});

test('a match says enough to tell one workload from another, or it is refused', async () => {
  const own = await authority.agent();
  const refuses = (issuer: string, claims: Record<string, string>, below?: string) =>
    assert.rejects(addMatch(house(), authority.admin, { issuer, claims, agent: own.id, below }), {
      code: 'issuer.match_refused',
    });
  await refuses('cluster-1', { '/kubernetes.io/namespace': 'prod' });
  await refuses('mesh', {});
  await refuses('mesh', { sub: 'spiffe://other.example/x' }, 'spiffe://acme.example/x/');
  for (const below of [
    'spiffe://acme.example/',
    'spiffe://acme.example/x',
    'spiffe://other.example/x/',
    'spiffe://acme.example/x//',
    'spiffe://acme.example/../',
  ])
    await refuses('mesh', {}, below);
  await refuses('agents', { name: 'Support' });
  await refuses('agents', { sub: 'x' }, 'spiffe://acme.example/x/');
});

test('keys that are said to be elsewhere are read there at once, and nothing of the old ones counts', async () => {
  const [old, next] = [await openPlatform({ audience: authority.issuer }), await openPlatform({ audience: authority.issuer })];
  try {
    const one = await authority.agent();
    const trusted = { name: 'moving', kind: 'cloud', issuer: 'https://moving.example', isInternal: false } as const;
    const places = [old, next].map(({ issuer }) => ({ from: 'jwks' as const, url: `${issuer}/keys` }));
    await addIssuer(house(), authority.admin, { ...trusted, keys: places[0]! });
    await authority.settled(addMatch(house(), authority.admin, { issuer: 'moving', claims: { sub: 'w' }, agent: one.id }));
    const by = async (platform: Platform) =>
      ask({ grant_type: jwtBearer, assertion: await platform.assertion({ iss: trusted.issuer, sub: 'w' }) });
    assert.deepEqual([(await by(old)).status, (await by(next)).body['code']], [200, 'assertion.refused']);
    await authority.settled(changeIssuer(house(), authority.admin, { issuer: 'moving', keys: places[1] }));
    assert.deepEqual([(await by(old)).body['code'], (await by(next)).status], ['assertion.refused', 200]);
  } finally {
    await Promise.all([old.close(), next.close()]);
  }
});
