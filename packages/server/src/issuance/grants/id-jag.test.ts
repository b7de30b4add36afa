import assert from 'node:assert/strict';
import { toPlain } from '@surety/contract/exact-json';
import { generateSigningKey } from '@surety/proof/jwk';
import { readJws, signJws } from '@surety/proof/jws';
import { afterAll, beforeAll, test } from 'vitest';
import { addIssuer } from '#federation/add-issuer';
import { addMatch } from '#federation/add-match';
import { introduceAgent, withdrawAgent } from '#federation/introduce-agent';
import { type Authority, openAuthority } from '#http/testing/authority';
import { type Answer, type Client, openClient, post, type Principal } from '#http/testing/client';
import { moveAgent } from '#registry/move-agent';

const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const idJag = 'urn:ietf:params:oauth:token-type:id-jag';
const accessToken = 'urn:ietf:params:oauth:token-type:access_token';

/** Two organisations, each with a whole deployment: `home` vouches, `away` believes. */
let home: Authority;
let away: Authority;
let agent: Principal;
let client: Client;
/** The record at `away` of the partner's agent, with a person of `away` who answers for it. */
let guest: Principal;

const houseOf = (authority: Authority) => ({
  db: authority.db,
  clock: authority.clock,
  issuer: authority.issuer,
  allowLoopback: true,
});

beforeAll(async () => {
  [home, away] = await Promise.all([openAuthority(), openAuthority()]);
  await Promise.all([home.system('crm'), away.system('ledger')]);
  agent = await home.agent();
  guest = await away.agent();
  client = openClient(home.issuer, agent, `${home.gatewayUrl}/mcp/crm`);
  await home.settled(
    introduceAgent(houseOf(home), home.admin, { audience: away.issuer, agent: agent.id, clientId: 'acme-procurement' }),
  );
  await addIssuer(houseOf(away), away.admin, {
    name: 'acme',
    kind: 'id-jag',
    issuer: home.issuer,
    keys: { from: 'discovery' },
    isInternal: false,
  });
  await away.settled(
    addMatch(houseOf(away), away.admin, { issuer: 'acme', claims: { client_id: 'acme-procurement' }, agent: guest.id }),
  );
});
afterAll(async () => {
  await Promise.all([home.close(), away.close()]);
});

async function vouch(parameters: Record<string, string | undefined> = {}, by: Client = client): Promise<Answer> {
  const token = await by.accessToken();
  return by.token({
    grant_type: exchange,
    requested_token_type: idJag,
    audience: away.issuer,
    subject_token: token,
    subject_token_type: accessToken,
    resource: undefined,
    ...parameters,
  });
}

async function assertion(): Promise<string> {
  const { status, body } = await vouch();
  assert.equal(status, 200, JSON.stringify(body));
  return String(body['access_token']);
}

/** What the agent of `home` asks at `away`, with the key that the assertion is bound to. */
async function arrive(jag: string, { key = client.dpopKey, ...parameters }: Record<string, unknown> = {}): Promise<Answer> {
  const there = openClient(away.issuer, guest, `${away.gatewayUrl}/mcp/ledger`);
  await there.nonce();
  const form = new URLSearchParams({
    grant_type: jwtBearer,
    assertion: jag,
    resource: `${away.gatewayUrl}/mcp/ledger`,
    ...(parameters as object),
  });
  return post(`${away.issuer}/token`, form, { dpop: there.proof({}, {}, key as typeof client.dpopKey) });
}

test('an agent of one organisation acts in another, under a person there, and the record there names its chain here', async () => {
  const answer = await vouch({ resource: `${away.gatewayUrl}/mcp/ledger` });
  const { access_token: jag, ...said } = answer.body;
  assert.deepEqual(said, { issued_token_type: idJag, token_type: 'N_A', expires_in: 300 });
  const { claims } = readJws(String(jag), { typ: 'oauth-id-jag+jwt' });
  assert.equal(claims['aud'], away.issuer);
  assert.equal(claims['client_id'], 'acme-procurement');
  assert.equal(claims['sub'], agent.id);
  assert.deepEqual(toPlain(claims['cnf'] ?? null), { jkt: client.dpopKey.jkt });
  assert.equal(await home.count('assertion.issued', agent.id), 1);

  const { status, body } = await arrive(String(jag));
  assert.equal(status, 200, JSON.stringify(body));
  const token = readJws(String(body['access_token']), { typ: 'at+jwt' }).claims;
  assert.deepEqual([token['iss'], token['sub'], token['client_id']], [away.issuer, guest.id, guest.id]);
  const task = await away.db.query<{ answerable: string }>('select answerable from task where id = $1', [body['task']]);
  assert.equal(task.rows[0]?.answerable, guest.owner);
  assert.deepEqual(await actorsThere(), [`${home.issuer}|${agent.id}`]);
});

test('the same assertion by the grant that is named after its key (jwt-dpop): by that key, and by no other', async () => {
  const grant = 'urn:ietf:params:oauth:grant-type:jwt-dpop';
  const stolen = await arrive(await assertion(), { grant_type: grant, key: generateSigningKey() });
  assert.deepEqual([stolen.status, stolen.body['code']], [400, 'assertion.refused']);
  const { status, body } = await arrive(await assertion(), { grant_type: grant });
  assert.equal(status, 200, JSON.stringify(body));
  const metadata = await fetch(`${away.issuer}/.well-known/oauth-authorization-server`);
  assert.ok(((await metadata.json()) as { grant_types_supported: string[] }).grant_types_supported.includes(grant));
});

/** Who stands above the guest, as the newest entry of the record at `away` has it. */
async function actorsThere(): Promise<readonly string[] | undefined> {
  const { rows } = await away.db.query<{ body: string }>(
    `select body from entry where type = 'instance.admitted' and about = $1 order by id desc limit 1`,
    [guest.id],
  );
  return rows.map(({ body }) => (JSON.parse(body) as { data: { actors: string[] } }).data.actors)[0];
}

test('what a person gave an agent here is done there with the whole chain in the record: the person, then the agent', async () => {
  const person = await home.human(['owner']);
  const asks = openClient(home.issuer, person, home.issuer);
  const handed = await asks.accessToken({ may_act: agent.id, purpose: 'buy paper' });
  const exchanged = await client.token({ grant_type: exchange, subject_token: handed, subject_token_type: accessToken });
  assert.equal(exchanged.status, 200, JSON.stringify(exchanged.body));
  const jag = await vouch({ subject_token: String(exchanged.body['access_token']) });
  assert.equal(jag.status, 200, JSON.stringify(jag.body));
  assert.equal((await arrive(String(jag.body['access_token']))).status, 200);
  assert.deepEqual(await actorsThere(), [`${home.issuer}|${person.id}`, `${home.issuer}|${agent.id}`]);
});

test('the word of a partner holds for one request: not twice, not with another key, and the key proves nothing alone', async () => {
  const jag = await assertion();
  assert.equal((await arrive(jag, { key: generateSigningKey() })).body['code'], 'assertion.refused');
  assert.equal((await arrive(jag)).status, 200);
  assert.equal((await arrive(jag)).body['code'], 'assertion.refused');
  const self = openClient(away.issuer, { ...guest, key: client.dpopKey }, `${away.gatewayUrl}/mcp/ledger`);
  assert.equal((await self.token()).body['error'], 'invalid_client');
});

test('what is forged, meant for somebody else or of another kind is refused', async () => {
  const key = home.nodes[0]!.keyRing.tokenKey();
  const seconds = Math.floor(Date.now() / 1_000);
  const good = {
    iss: home.issuer,
    sub: agent.id,
    aud: away.issuer,
    client_id: 'acme-procurement',
    iat: seconds,
    exp: seconds + 300,
    cnf: { jkt: client.dpopKey.jkt },
  };
  let made = 0;
  const make = (change: object, typ = 'oauth-id-jag+jwt', by = key) =>
    signJws(by, { typ, kid: key.kid }, JSON.stringify({ ...good, jti: `test-${made++}`, ...change }));
  assert.equal((await arrive(make({}))).status, 200);
  const deep = (depth: number): object => ({ sub: `agt_${depth}`, ...(depth === 0 ? {} : { act: deep(depth - 1) }) });
  const wrong = [
    make({ client_id: 'acme-procurement2' }),
    make({ client_id: 'ACME-procurement' }),
    make({ client_id: undefined }),
    make({ aud: [away.issuer] }),
    make({ aud: home.issuer }),
    make({ cnf: undefined }),
    make({ cnf: { jkt: generateSigningKey().jkt } }),
    make({ act: 'agent' }),
    make({ act: deep(11) }),
    make({ act: { iss: home.issuer } }),
    make({ exp: seconds + 3_600 }),
    make({}, 'JWT'),
    make({}, 'at+jwt'),
    make({}, 'oauth-id-jag+jwt', generateSigningKey()),
    await client.accessToken(),
  ];
  for (const jag of wrong) {
    const { body } = await arrive(jag);
    assert.deepEqual([body['error'], body['code']], ['invalid_grant', 'assertion.refused']);
  }
  const { status } = await arrive(make({ act: { sub: agent.id, act: { sub: 'hum_1' } } }));
  assert.equal(status, 200);
  const { body } = await arrive(make({}), { client_id: 'another' });
  assert.equal(body['error'], 'invalid_client');
});

test('nobody redeems their own assertion: our issuer is never one that we trust', async () => {
  const own = addIssuer(houseOf(home), home.admin, {
    name: 'self',
    kind: 'id-jag',
    issuer: home.issuer,
    keys: { from: 'discovery' },
    isInternal: false,
  });
  await assert.rejects(own, { code: 'issuer.refused' });
});

test('only an agent that was introduced goes to a partner, with its own token and key, and under our name for it', async () => {
  const errorOf = async (answer: Promise<Answer>) => (await answer).body['error'];
  assert.equal(await errorOf(vouch({ audience: 'https://unknown.example' })), 'invalid_target');
  assert.equal(await errorOf(vouch({ audience: `${away.issuer}/` })), 'invalid_target');
  assert.equal(await errorOf(vouch({ audience: undefined })), 'invalid_request');
  assert.equal(await errorOf(vouch({ subject_token: 'x' })), 'invalid_request');
  assert.equal(await errorOf(vouch({ subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' })), 'invalid_request');
  const stranger = openClient(home.issuer, await home.agent(), `${home.gatewayUrl}/mcp/crm`);
  assert.equal(await errorOf(vouch({}, stranger)), 'invalid_target');
  const stolen = await client.accessToken();
  await home.settled(
    introduceAgent(houseOf(home), home.admin, { audience: 'https://third.example', agent: agent.id, clientId: 'x' }),
  );
  const codeOf = async (answer: Promise<Answer>) => (await answer).body['code'];
  assert.equal(await codeOf(vouch({ subject_token: stolen }, stranger)), 'actor.unauthorized');
  const otherKey = openClient(home.issuer, agent, `${home.gatewayUrl}/mcp/crm`);
  assert.equal(await codeOf(vouch({ subject_token: stolen }, otherKey)), 'actor.unauthorized');
});

test('an agent that is suspended here, or withdrawn, is vouched for no more', async () => {
  const own = await home.agent();
  const mine = openClient(home.issuer, own, `${home.gatewayUrl}/mcp/crm`);
  const { id } = await home.settled(
    introduceAgent(houseOf(home), home.admin, { audience: away.issuer, agent: own.id, clientId: 'acme-short' }),
  );
  const token = await mine.accessToken();
  assert.equal((await vouch({ subject_token: token }, mine)).status, 200);
  await home.settled(moveAgent(houseOf(home), home.admin, { agent: own.id, to: 'suspended', reason: 'test' }));
  const after = {
    grant_type: exchange,
    requested_token_type: idJag,
    audience: away.issuer,
    subject_token: token,
    subject_token_type: accessToken,
  };
  assert.equal((await mine.token({ ...after, resource: undefined })).body['error'], 'invalid_grant');
  await home.settled(moveAgent(houseOf(home), home.admin, { agent: own.id, to: 'active', reason: 'test' }));
  await home.settled(withdrawAgent(houseOf(home), home.admin, { partner: id }));
  assert.equal((await vouch({}, mine)).body['error'], 'invalid_target');
});
