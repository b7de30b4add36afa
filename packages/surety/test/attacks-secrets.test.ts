import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addSystem } from '@surety/contract/authority-routes';
import type { AgentId } from '@surety/contract/id';
import { listActions } from '@surety/contract/oversight-routes';
import { openEnrolment, revokeCredential } from '@surety/contract/registry-routes';
import { claim, enrol } from '@surety/sdk/enrol';
import { readConfig } from '@surety/server/config/config';
import { silentLog } from '@surety/server/kernel/log';
import { houseUrl } from '@surety/server/testing/house';
import { afterAll, beforeAll, test } from 'vitest';
import { runSurety } from '../src/run-surety.ts';
import type { ByHand } from './by-hand.ts';
import { classify } from './company.ts';
import { makeKey } from './forge.ts';
import { bodyOf, type RawAnswer, sendRaw } from './raw-http.ts';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;
let agent: ByHand;
let payments: string;
const argument = 'canary-argument-58c1d7';

beforeAll(async () => {
  rig = await openRig();
  agent = await rig.hire('refund-bot');
  payments = `${rig.place.gateway}/mcp/payments`;
});
afterAll(async () => {
  await rig?.checkLog();
  await rig?.close();
});

const person = { name: 'mallory', displayName: 'Mallory' };

test('the claim code works once, and no other ever does', async () => {
  const url = rig.place.issuer;
  for (const code of [rig.claimCode, rig.claimCode.toLowerCase(), 'x'.repeat(24)]) {
    await assert.rejects(claim({ url, code, key: await makeKey(), ...person }), { code: 'claim.done' });
  }
  assert.equal((await rig.entries('server.claimed')).length, 1);
});

test('of ten who claim a new server at once with its code, one owns it; a wrong code owns nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), `surety-test-${process.pid}-`));
  const config = { SURETY_DATA_DIR: folder, SURETY_DATABASE_URL: await houseUrl(), SURETY_PORT: '0', SURETY_GATEWAY_PORT: '0' };
  const running = await runSurety(readConfig(config), silentLog);
  try {
    const url = running.issuer;
    await assert.rejects(claim({ url, code: 'x'.repeat(24), key: await makeKey(), ...person }), { code: 'claim.refused' });
    const { code: older } = await running.house.openClaim();
    const { code } = await running.house.openClaim();
    await assert.rejects(claim({ url, code: older, key: await makeKey(), ...person }), { code: 'claim.refused' });
    const all = await Promise.allSettled(
      Array.from({ length: 10 }, async (_, at) =>
        claim({ url, code, key: await makeKey(), name: `person-${at}`, displayName: 'P' }),
      ),
    );
    assert.equal(all.filter(({ status }) => status === 'fulfilled').length, 1);
    await assert.rejects(running.house.openClaim(), { code: 'claim.done' });
  } finally {
    await running.close();
    await rm(folder, { recursive: true });
  }
});

test('an enrolment code works once, in its time, for its principal; a key has one principal', async () => {
  const url = rig.place.issuer;
  const open = async () => (await rig.maya.client.call(openEnrolment, { principal: agent.id as AgentId })).code;
  const code = await open();
  const all = await Promise.allSettled(Array.from({ length: 10 }, async () => enrol({ url, code, key: await makeKey() })));
  const [done, ...others] = all.filter(({ status }) => status === 'fulfilled') as PromiseFulfilledResult<
    Awaited<ReturnType<typeof enrol>>
  >[];
  assert.equal(others.length, 0);
  assert.equal(done?.value.principal, agent.id);
  await assert.rejects(enrol({ url, code, key: await makeKey() }), { code: 'enrolment.refused' });
  await assert.rejects(enrol({ url, code: 'x'.repeat(24), key: await makeKey() }), { code: 'enrolment.refused' });
  await assert.rejects(enrol({ url, code: rig.claimCode, key: await makeKey() }), { code: 'enrolment.refused' });
  for (const key of [agent.key, rig.maya.key])
    await assert.rejects(enrol({ url, code: await open(), key }), { code: 'key.refused' });
  await rig.maya.client.call(revokeCredential, { credential: done?.value.credential.id as never });
  const late = await open();
  await rig.ahead(901_000, () => assert.rejects(enrol({ url, code: late, key: agent.key }), { code: 'enrolment.refused' }));
});

test('a private key is not taken, wherever it is sent', async () => {
  const key = await makeKey();
  const { code } = await rig.maya.client.call(openEnrolment, { principal: agent.id as AgentId });
  const headers = { 'content-type': 'application/json' };
  const answer = await sendRaw(`${rig.place.issuer}/v1/enrol`, { headers, body: JSON.stringify({ code, jwk: key.privateJwk }) });
  assert.equal(answer.status, 400);
  assert.equal(answer.text.includes(String(key.privateJwk.d)), false);
});

const answers: RawAnswer[] = [];
const keep = (answer: RawAnswer): RawAnswer => {
  answers.push(answer);
  return answer;
};

/** Everything that an administrator can look at, by hand. */
async function lookEverywhere(): Promise<void> {
  const { items } = await rig.maya.client.call(listActions, { limit: 100 });
  const paths = [
    '/v1/systems',
    '/v1/systems/payments',
    '/v1/actions?limit=100',
    '/v1/requests',
    '/v1/status',
    '/v1/agents',
    '/v1/humans',
    '/v1/mandates',
    '/v1/policy',
    '/v1/roles',
    '/v1/log/entries?from=0&limit=1000',
    '/v1/log/checkpoint',
    ...items.flatMap(({ id }) => [`/v1/actions/${id}`, `/v1/actions/${id}/why`, `/v1/actions/${id}/who`]),
  ];
  for (const path of paths) {
    const answer = keep(await rig.maya.byHand.api('GET', path));
    assert.equal(answer.status, 200, `${path}: ${answer.text}`);
  }
  for (const path of ['/', '/openapi.json', '/jwks', '/.well-known/oauth-authorization-server', '/authorize', '/nothing']) {
    keep(await sendRaw(`${rig.place.issuer}${path}`, { method: 'GET' }));
  }
}

test('a system that gives its own credential back does not give it to the agent', async () => {
  for (const order of ['t1', 't2']) {
    const told = await agent.call('payments', 'tell_secret', { order });
    keep(told.raw);
    assert.equal(told.said, 'failed');
    assert.match(told.text, /I was given/);
  }
  assert.equal(
    rig.payments.executed
      .filter(({ tool }) => tool === 'tell_secret')
      .every(({ headers }) => headers['x-api-key'] === rig.apiKey),
    true,
  );
  assert.equal(
    answers.some(({ text }) => text.includes(rig.apiKey)),
    false,
  );
});

test('nothing that an agent proves itself with reaches a system, and an agent cannot name a credential of its own', async () => {
  const headers = {
    'x-api-key': 'of-the-agent',
    cookie: 'session=1',
    'x-forwarded-for': '10.0.0.1',
    forwarded: 'for=10.0.0.1',
    'proxy-authorization': 'Basic x',
  };
  const before = rig.payments.executed.length;
  const told = await agent.call('payments', 'refund', { order: 'clean', amount: 1 }, { headers });
  assert.equal(told.said, 'allowed', told.text);
  const seen = rig.payments.executed[before];
  assert.equal(seen?.headers['x-api-key'], rig.apiKey);
  for (const name of ['authorization', 'dpop', 'cookie', 'x-forwarded-for', 'forwarded', 'proxy-authorization', 'origin'])
    assert.equal(seen?.headers[name], undefined, name);
  const token = await agent.token(payments);
  for (const one of rig.payments.executed) assert.equal(JSON.stringify(one).includes(token), false);
});

test('what is wrong with a request is said without repeating it', async () => {
  keep((await agent.call('payments', 'refund', { order: argument, amount: 5_000 })).raw);
  keep((await agent.call('payments', 'refund', `{"order":"${argument}","order":"${argument}"}`)).raw);
  keep((await agent.call('payments', 'nothing', { order: argument })).raw);
  keep(
    await rig.maya.byHand.api('POST', '/v1/agents', {
      name: argument.toUpperCase(),
      displayName: argument,
      purpose: argument,
      owner: argument,
    }),
  );
  keep(await rig.maya.byHand.api('POST', '/v1/mandates', { document: { agent: argument }, signature: argument }));
  keep(await agent.askToken(payments, { form: { client_assertion: argument, task: argument, scope: argument } }));
  keep(await agent.askToken(argument));
  for (const { text, headers } of answers) {
    assert.equal(text.toLowerCase().includes(argument), false, text.slice(0, 300));
    assert.equal(JSON.stringify(headers).includes(argument), false);
  }
});

test('an API request that is too large, or no JSON, is refused and answered', async () => {
  const big = await rig.maya.byHand.api('POST', '/v1/agents', { name: 'x'.repeat(10 << 20) });
  assert.deepEqual([big.status, bodyOf(big)['code']], [413, 'request.too_large']);
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const bigForm = await sendRaw(`${rig.place.issuer}/token`, { headers: form, body: 'x='.padEnd(1 << 20, 'x') });
  assert.equal(bigForm.status, 413);
});

test('a credential that a system cannot be reached with is not told either', async () => {
  const value = 'canary-unreachable-91ab';
  const answer = keep(
    await rig.maya.byHand.api('POST', '/v1/systems', {
      name: 'gone',
      upstream: { kind: 'mcp-http', url: 'http://127.0.0.1:1/mcp' },
      credential: { place: { kind: 'header', name: 'x-api-key' }, value },
    }),
  );
  assert.equal(answer.status, 502);
  await assert.rejects(
    rig.maya.client.call(addSystem, { name: 'refuses', upstream: { kind: 'mcp-http', url: rig.payments.url } }),
    { code: 'system.unreachable' },
  );
  assert.equal(rig.log.some((line) => line.includes(value)) || answer.text.includes(value), false);
});

/** Every column of every table as text; what is bytes, as bytes and as hexadecimal digits. */
async function dump(): Promise<string> {
  const columns = await rig.query<{ table: string; column: string }>(
    `select table_name as "table", column_name as "column" from information_schema.columns where table_schema = 'public'`,
  );
  const parts: string[] = [];
  for (const { table, column } of columns) {
    const rows = await rig.query<{ text: string | null }>(`select "${column}"::text as text from "${table}"`);
    parts.push(...rows.map(({ text }) => text ?? ''));
  }
  assert.ok(columns.length > 50 && parts.length > 500, 'the dump is empty');
  return parts.join('\n');
}

test('secrets are nowhere: no answer, no line of the log, no entry, no column, no file but the key', async () => {
  await classify(rig.maya, 'payments', 'refund', 'money');
  await lookEverywhere();
  const everything = `${await dump()}\n${rig.log.join('\n')}\n${answers.map(({ text, headers }) => text + JSON.stringify(headers)).join('\n')}`;
  const file = await Promise.all((await readdir(rig.dataFolder)).map((name) => readFile(join(rig.dataFolder, name), 'latin1')));
  const token = await agent.token(payments);
  const secrets = {
    'credential of the system': rig.apiKey,
    'access token': token,
    'signature of the token': token.split('.')[2] ?? '',
    'claim code': rig.claimCode,
    'private key': String(agent.key.privateJwk.d),
  };
  for (const [name, secret] of Object.entries(secrets)) {
    assert.equal(everything.includes(secret), false, name);
    assert.equal(everything.includes(Buffer.from(secret).toString('hex')), false, `${name}, as bytes`);
    assert.equal(
      file.some((text) => text.includes(secret)),
      false,
      `${name}, in the data folder`,
    );
  }
  const open = `${await dump()}\n${rig.log.join('\n')}`;
  assert.equal(open.includes(argument), false, 'an argument stands in the open');
  assert.ok(rig.payments.executed.length > 0);
});
