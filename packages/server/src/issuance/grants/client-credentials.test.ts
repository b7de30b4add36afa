import assert from 'node:assert/strict';
import { ExactNumber } from '@surety/contract/exact-json';
import { generateSigningKey } from '@surety/proof/jwk';
import { readJws, verifyJws } from '@surety/proof/jws';
import { afterAll, beforeAll, test } from 'vitest';
import { type Authority, openAuthority } from '#http/testing/authority';
import { type Answer, type Client, openClient, post, type Principal } from '#http/testing/client';
import { refusesToken } from '../testing/refuses-token.ts';

let authority: Authority;
let agent: Principal;
let client: Client;
let resource: string;

beforeAll(async () => {
  authority = await openAuthority();
  await authority.system('crm');
  agent = await authority.agent();
  resource = `${authority.gatewayUrl}/mcp/crm`;
  client = openClient(authority.issuer, agent, resource);
  await client.nonce();
});
afterAll(() => authority.close());

const url = () => `${authority.issuer}/token`;
const refuses = (answer: Promise<Answer>, status: number, error: string) =>
  refusesToken(authority, agent.id, answer, { status, error });

test('an agent gets a token bound to its key, for one resource, under a task its owner answers for, and all of it is recorded', async () => {
  const { status, body, headers } = await client.token();
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual(Object.keys(body).sort(), ['access_token', 'expires_in', 'scope', 'task', 'token_type']);
  assert.equal(body['token_type'], 'DPoP');
  assert.equal(headers.get('cache-control'), 'no-store');
  assert.ok(headers.get('dpop-nonce'));
  const token = readJws(String(body['access_token']), { typ: 'at+jwt' });
  const key = authority.nodes[0]!.keyRing.keyByKid(token.kid ?? '');
  assert.ok(key && verifyJws(token, key));
  const { iat, exp, jti, change, ...claims } = token.claims;
  assert.deepEqual(JSON.parse(JSON.stringify(claims)), {
    iss: authority.issuer,
    sub: agent.id,
    client_id: agent.id,
    aud: resource,
    scope: 'call',
    sub_profile: 'ai_agent',
    cnf: { jkt: client.dpopKey.jkt },
    task: body['task'],
    instance: agent.credential,
  });
  assert.ok(iat instanceof ExactNumber && exp instanceof ExactNumber && change instanceof ExactNumber);
  assert.equal(exp.toNumber() - iat.toNumber(), 300);
  const { rows: tasks } = await authority.db.query<{
    agent: string;
    answerable: string;
    requester: string;
    state: string;
    trigger: string;
  }>('select agent, answerable, requester, state, trigger from task where id = $1', [body['task']]);
  assert.deepEqual(tasks, [{ agent: agent.id, answerable: agent.owner, requester: agent.id, state: 'open', trigger: 'agent' }]);
  const { rows: entries } = await authority.db.query<{ type: string; actor: string; task: string; body: string }>(
    `select type, actor, task, body from entry where task = $1 order by id`,
    [body['task']],
  );
  assert.ok(entries.every(({ actor, task }) => actor === agent.id && task === body['task']));
  assert.deepEqual(new Set(entries.map(({ type }) => type)), new Set(['task.opened', 'token.issued']));
  assert.equal(entries.length, 2);
  const issued = JSON.parse(entries.find(({ type }) => type === 'token.issued')!.body);
  assert.deepEqual(issued.data, {
    tokenId: jti,
    credential: agent.credential,
    task: body['task'],
    audience: resource,
    jkt: client.dpopKey.jkt,
    expiresAt: new Date(exp.toNumber() * 1_000).toISOString(),
  });
  assert.ok(!entries.some((entry) => entry.body.includes(String(body['access_token']))));
});

test('a task that is named is worked on further; one that is not its own, or unknown, is refused', async () => {
  const first = await client.token();
  const task = String(first.body['task']);
  const second = await client.token({ task });
  assert.equal(second.body['task'], task);
  assert.equal(await authority.count('task.opened', task), 1);
  const other = await authority.agent();
  await refuses(openClient(authority.issuer, other, resource).token({ task }), 400, 'invalid_grant');
  await refuses(client.token({ task: 'tsk_00000000000000000000000000' }), 400, 'invalid_grant');
  await refuses(client.token({ task: "tsk_' or 1=1" }), 400, 'invalid_grant');
});

test('a token ends with its task', async () => {
  const { body } = await client.token();
  await authority.db.query(`update task set expires_at = $2 where id = $1`, [body['task'], new Date(Date.now() + 30_000)]);
  const again = await openClient(authority.issuer, agent, resource).token({ task: String(body['task']) });
  assert.ok(Number(again.body['expires_in']) <= 30, JSON.stringify(again.body));
});

test('workloads work under tasks as agents do; people do not, and get tokens for the API only', async () => {
  const workload = await authority.workload();
  const human = await authority.human();
  const forWorkload = await openClient(authority.issuer, workload, resource).token();
  assert.equal(readJws(String(forWorkload.body['access_token']), { typ: 'at+jwt' }).claims['sub_profile'], 'service');
  assert.match(String(forWorkload.body['task']), /^tsk_/);
  const person = openClient(authority.issuer, human, `${authority.issuer}/v1`);
  const forHuman = await person.token();
  assert.equal(forHuman.status, 200, JSON.stringify(forHuman.body));
  assert.equal('task' in forHuman.body, false);
  assert.equal(readJws(String(forHuman.body['access_token']), { typ: 'at+jwt' }).claims['sub_profile'], 'user');
  await refuses(person.token({ resource }), 400, 'invalid_target');
  await refuses(person.token({ task: String(forWorkload.body['task']) }), 400, 'invalid_request');
});

test('the key of an instance may be Ed25519, and assertions need not name it', async () => {
  const { key } = await authority.enrol(agent.id, generateSigningKey('EdDSA'));
  const { status, body } = await client.token({ client_assertion: client.assertion({}, { kid: undefined }, key) });
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal((await authority.count('token.issued', agent.id)) > 0, true);
});

test.each([
  ['no grant type', { grant_type: undefined }, 400, 'invalid_request'],
  ['an empty grant type', { grant_type: '' }, 400, 'invalid_request'],
  ['another grant type', { grant_type: 'urn:ietf:params:oauth:grant-type:device_code' }, 400, 'unsupported_grant_type'],
  ['the password grant', { grant_type: 'password', username: 'a', password: 'b' }, 400, 'unsupported_grant_type'],
  ['a grant type that every object has', { grant_type: 'constructor' }, 400, 'unsupported_grant_type'],
  ['no resource', { resource: undefined }, 400, 'invalid_target'],
  ['an unknown system', { resource: 'http://127.0.0.1:7071/mcp/erp' }, 400, 'invalid_target'],
  ['a resource elsewhere', { resource: 'https://evil.example/mcp/crm' }, 400, 'invalid_target'],
  ['a resource with a slash more', { resource: 'http://127.0.0.1:7071/mcp/crm/' }, 400, 'invalid_target'],
  ['a resource in capitals', { resource: 'HTTP://127.0.0.1:7071/mcp/crm' }, 400, 'invalid_target'],
  ['a resource with a fragment', { resource: 'http://127.0.0.1:7071/mcp/crm#x' }, 400, 'invalid_target'],
  ['a resource by dot segments', { resource: 'http://127.0.0.1:7071/mcp/../mcp/crm' }, 400, 'invalid_target'],
  ['an unknown scope', { scope: 'admin' }, 400, 'invalid_scope'],
  ['one scope too many', { scope: 'call admin' }, 400, 'invalid_scope'],
  ['a scope of 30,000 items', { scope: 'a '.repeat(15_000) }, 400, 'invalid_scope'],
  ['a scope with control characters', { scope: 'call\u0000' }, 400, 'invalid_request'],
  ['a client id of somebody else', { client_id: 'agt_00000000000000000000000000' }, 401, 'invalid_client'],
  ['no assertion', { client_assertion: undefined }, 401, 'invalid_client'],
  ['no assertion type', { client_assertion_type: undefined }, 401, 'invalid_client'],
  [
    'another assertion type',
    { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' },
    401,
    'invalid_client',
  ],
  ['a shared secret beside the assertion', { client_secret: 'hunter2' }, 401, 'invalid_client'],
])('%s is refused', async (_name, parameters, status, error) => {
  const started = performance.now();
  await refuses(client.token(parameters), status, error);
  assert.ok(performance.now() - started < 1_000);
});

test('the scope there is may be named', async () => {
  assert.equal((await client.token({ scope: 'call' })).body['scope'], 'call');
  assert.equal((await client.token({ scope: '' })).body['scope'], 'call');
});

test('two resources in one request are refused, the same one twice as well', async () => {
  for (const second of [resource, `${authority.issuer}/v1`]) {
    const form = client.form();
    form.append('resource', second);
    await refuses(post(url(), form, { dpop: client.proof() }), 400, 'invalid_target');
  }
});

test.each(['grant_type', 'client_assertion', 'scope', 'task', 'client_id', 'unknown'])(
  'the parameter %s twice is refused',
  async (name) => {
    const form = client.form({ [name]: name === 'client_assertion' ? client.assertion() : 'client_credentials' });
    form.append(name, 'again');
    await refuses(post(url(), form, { dpop: client.proof() }), 400, 'invalid_request');
  },
);
