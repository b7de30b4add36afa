import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whoAmI } from '@surety/contract/registry-routes';
import { afterEach, beforeEach, test } from 'vitest';
import { createSigningKey } from '../src/agent-key.ts';
import { claim, enrol } from '../src/enrol.ts';
import { createKey } from '../src/key-file.ts';
import { agentFile, readIdentity, suretyHome } from '../src/local-identity.ts';
import { gatewayBeside, resourceAt, surety } from '../src/surety.ts';
import { SuretyError } from '../src/surety-error.ts';
import { writeWhole } from '../src/write-whole.ts';
import { Refusal, type StandIn, startStandIn } from './stand-in.ts';

const principal = 'agt_01k9z7qh4m8y2c3d4e5f6g7h8j';
const credential = {
  id: 'crd_01k9z7qh4m8y2c3d4e5f6g7h8j',
  principal,
  jkt: 'x',
  label: 'instance',
  state: 'active',
  createdAt: '2026-11-25T02:00:00Z',
};
let server: StandIn;
let home: string;

beforeEach(async () => {
  server = await startStandIn();
  home = await mkdtemp(join(tmpdir(), 'surety-home-'));
  server.answers['whoAmI'] = (_input, by) => ({
    principal: by?.principal,
    kind: 'agent',
    name: 'refund-bot',
    displayName: 'Refund bot',
    credential: credential.id,
  });
});
afterEach(() => server.close());

const notConfigured = (thrown: unknown): boolean => thrown instanceof SuretyError && thrown.code === 'local.not_configured';

async function enrolHere(): Promise<void> {
  const keyFile = join(home, 'keys', 'refund-bot.jwk');
  const key = await createKey(keyFile);
  server.enrol(principal, key.publicJwk);
  await writeWhole(
    agentFile(home, 'refund-bot'),
    JSON.stringify({ name: 'refund-bot', principal, url: server.url, gateway: server.url, keyFile }),
  );
}

test('one line: an agent enrolled here is itself, at the API and at the gateway', async () => {
  await enrolHere();
  server.mcp = (_request, _body, response, by) => void response.end(by.principal);
  const agent = surety({ agent: 'refund-bot', env: { SURETY_HOME: home } });
  assert.equal((await agent.client.call(whoAmI, {})).principal, principal);
  assert.equal(agent.gateway('shop'), `${server.url}/mcp/shop`);
  assert.equal(await (await agent.fetch(agent.gateway('shop'), { method: 'POST', body: '{}' })).text(), principal);
  assert.equal((await agent.token(agent.gateway('shop'))).resource, agent.gateway('shop'));
});

test('everything can come from the environment', async () => {
  await enrolHere();
  const env = {
    SURETY_URL: `${server.url}/`,
    SURETY_CLIENT_ID: principal,
    SURETY_PRIVATE_KEY_FILE: join(home, 'keys', 'refund-bot.jwk'),
    SURETY_GATEWAY_URL: server.url,
  };
  assert.equal((await surety({ env }).client.call(whoAmI, {})).name, 'refund-bot');
  assert.equal(surety({ env: { SURETY_HOME: home, SURETY_AGENT: 'refund-bot' } }).clientId, principal);
});

test('an agent that is named is that agent, whoever else the environment speaks of', async () => {
  await enrolHere();
  const env = {
    SURETY_HOME: home,
    SURETY_URL: 'https://other.example',
    SURETY_CLIENT_ID: 'agt_other',
    SURETY_PRIVATE_KEY_FILE: '/other',
    SURETY_AGENT: 'other',
  };
  const agent = surety({ agent: 'refund-bot', env });
  assert.equal(agent.clientId, principal);
  assert.equal((await agent.client.call(whoAmI, {})).principal, principal);
  assert.equal(surety({ env: { ...env, SURETY_AGENT: undefined } }).clientId, 'agt_other');
});

test('what is missing is said at once, with what to do', () => {
  assert.throws(() => surety({ env: { SURETY_HOME: home } }), notConfigured);
  assert.throws(() => surety({ agent: 'nobody', env: { SURETY_HOME: home } }), notConfigured);
  assert.throws(() => surety({ agent: '../../etc/passwd', env: { SURETY_HOME: home } }), notConfigured);
});

test('attack: keys and tokens do not go over a wire that others can read', () => {
  const env = { SURETY_URL: 'http://surety.example', SURETY_CLIENT_ID: principal, SURETY_PRIVATE_KEY_FILE: 'x' };
  assert.throws(
    () => surety({ env }),
    (thrown) => thrown instanceof SuretyError && thrown.code === 'local.plaintext_refused',
  );
  assert.throws(() => surety({ env: { ...env, SURETY_URL: 'http://127.0.0.1.evil.example' } }), SuretyError);
  assert.throws(() => surety({ env: { ...env, SURETY_URL: 'https://user:pass@surety.example' } }), SuretyError);
  assert.equal(surety({ env, plaintext: true }).gateway('a'), 'http://surety.example/mcp/a');
  assert.equal(surety({ env: { ...env, SURETY_URL: 'https://surety.example' } }).gateway('a'), 'https://surety.example/mcp/a');
});

test('a key is enrolled with a code, and only its public half travels', async () => {
  const key = await createSigningKey();
  server.answers['enrolKey'] = ({ code, jwk, label }: { code: string; jwk: object; label: string }) => {
    if (code !== 'c'.repeat(24)) throw new Refusal('enrolment.refused');
    assert.deepEqual(Object.keys(jwk), ['kty', 'crv', 'x', 'y']);
    return {
      principal,
      name: 'refund-bot',
      credential: { ...credential, label },
      issuer: server.url,
      gateway: 'http://127.0.0.1:7099',
    };
  };
  const enrolled = await enrol({ url: server.url, code: 'c'.repeat(24), key, label: 'laptop' });
  assert.deepEqual([enrolled.credential.label, enrolled.gateway], ['laptop', 'http://127.0.0.1:7099']);
  await assert.rejects(
    enrol({ url: server.url, code: 'd'.repeat(24), key }),
    (thrown) => thrown instanceof SuretyError && thrown.code === 'enrolment.refused',
  );
});

test('a server is claimed with its code', async () => {
  const human = {
    id: 'hum_01k9z7qh4m8y2c3d4e5f6g7h8j',
    name: 'maya',
    displayName: 'Maya Okafor',
    title: '',
    groups: [],
    roles: ['administrator'],
    state: 'active',
    revision: 1,
    createdAt: '2026-11-25T02:00:00Z',
  };
  server.answers['claimServer'] = () => ({ human, credential });
  const claimed = await claim({
    url: server.url,
    code: 'c'.repeat(24),
    key: await createSigningKey(),
    name: 'maya',
    displayName: 'Maya Okafor',
  });
  assert.equal(claimed.human.name, 'maya');
});

test('each address has its resource, and no other', () => {
  const of = (address: string) => resourceAt(new URL(address), 'https://id.example', 'https://gw.example');
  assert.deepEqual(of('https://id.example/v1/agents?x=1'), { resource: 'https://id.example/v1' });
  assert.deepEqual(of('https://gw.example/mcp/shop'), { resource: 'https://gw.example/mcp/shop' });
  assert.deepEqual(of('https://gw.example/mcp/shop/deeper'), { resource: 'https://gw.example/mcp/shop' });
  assert.equal(of('https://gw.example/.well-known/oauth-protected-resource/mcp/shop'), 'open');
  for (const address of [
    'https://id.example/mcp/shop',
    'https://gw.example/v1/agents',
    'https://id.example/token',
    'https://other.example/v1',
  ])
    assert.equal(of(address), undefined);
});

test('a server started with its defaults has its gateway one port further', () => {
  assert.equal(gatewayBeside('http://127.0.0.1:7070'), 'http://127.0.0.1:7071');
  assert.equal(gatewayBeside('https://surety.example'), 'https://surety.example');
});

test('the folder is SURETY_HOME, or lies in the home folder', () => {
  assert.equal(suretyHome({ SURETY_HOME: '/x' }), '/x');
  assert.equal(suretyHome({ HOME: '/home/maya' }), '/home/maya/.config/surety');
});

test('a file that is no identity is refused, one that is absent is not there', async () => {
  assert.equal(readIdentity(agentFile(home, 'a')), undefined);
  await writeWhole(agentFile(home, 'a'), '{"name":"a"}');
  assert.throws(() => readIdentity(agentFile(home, 'a')), notConfigured);
  await writeWhole(agentFile(home, 'a'), 'not json');
  assert.throws(() => readIdentity(agentFile(home, 'a')), notConfigured);
});
