import assert from 'node:assert/strict';
import { endMandate, endTask, removeSystem } from '@surety/contract/authority-routes';
import type { AgentId, CredentialId, HumanId, TaskId } from '@surety/contract/id';
import { orderStop } from '@surety/contract/oversight-routes';
import {
  changeHuman,
  enrolKey,
  getAgent,
  moveAgent,
  openEnrolment,
  revokeCredential,
  whoAmI,
} from '@surety/contract/registry-routes';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, test } from 'vitest';
import { byHand, type ByHand, type Told } from './by-hand.ts';
import { addPerson, mandate, type Person, protect, refunds } from './company.ts';
import { makeKey } from './forge.ts';
import { bodyOf, sendRaw } from './raw-http.ts';
import { until } from './recording-system.ts';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;
let payments: string;
let api: string;

beforeAll(async () => {
  rig = await openRig();
  payments = `${rig.place.gateway}/mcp/payments`;
  api = `${rig.place.issuer}/v1`;
});
afterAll(async () => {
  await rig?.checkLog();
  await rig?.close();
});

/** What an agent gets on each path there is, with the tokens it held before: one word each. */
async function everyPath(agent: ByHand, held?: { payments: string; api: string }): Promise<Record<string, unknown>> {
  const executed = rig.payments.executed.length;
  const challenge = (headers: Record<string, unknown>) => /error="(\w+)"/.exec(String(headers['www-authenticate']))?.[1];
  const asked = await agent.askToken(payments);
  const paths: Record<string, unknown> = {
    token: bodyOf(asked)['error'] ?? 'given',
    introspect: bodyOf(await agent.introspect(held?.payments ?? 'x'))['error'] ?? 'answered',
  };
  if (held !== undefined) {
    const told = await agent.call('payments', 'refund', { order: 'dead', amount: 1 }, { token: held.payments });
    const listed = await agent.message('payments', 'tools/list', {}, { token: held.payments });
    const opened = await agent.message('payments', 'server/discover', {}, { token: held.payments });
    const asking = await agent.api('GET', '/v1/whoami', undefined, { token: held.api });
    Object.assign(paths, {
      call: challenge(told.raw.headers) ?? told.said,
      list: challenge(listed.headers),
      discover: challenge(opened.headers),
    });
    Object.assign(paths, {
      api: challenge(asking.headers),
      introspected: bodyOf(await rig.maya.byHand.introspect(held.payments))['active'],
    });
  }
  assert.equal(rig.payments.executed.length, executed, 'a system was touched');
  return paths;
}

const dead = {
  call: 'invalid_token',
  list: 'invalid_token',
  discover: 'invalid_token',
  api: 'invalid_token',
  introspected: false,
  introspect: 'invalid_client',
};

/** An agent that has worked, with the tokens it holds. */
async function atWork(
  name: string,
  owner?: HumanId,
): Promise<{ agent: ByHand; id: AgentId; held: { payments: string; api: string } }> {
  const agent = await rig.hire(name, owner === undefined ? {} : { owner });
  const told = await agent.call('payments', 'refund', { order: name, amount: 1 });
  assert.equal(told.said, 'allowed', told.text);
  const held = { payments: await agent.token(payments), api: await agent.token(api) };
  assert.equal((await agent.api('GET', '/v1/whoami')).status, 200);
  assert.equal(bodyOf(await rig.maya.byHand.introspect(held.payments))['active'], true);
  return { agent, id: agent.id as AgentId, held };
}

test('a suspended agent works on no path, and works again with a new token once it is active', async () => {
  const { agent, id, held } = await atWork('suspended');
  await rig.maya.client.call(moveAgent, { agent: id, to: 'suspended', reason: 'a test' });
  assert.deepEqual(await everyPath(agent, held), { token: 'invalid_grant', ...dead });
  await rig.maya.client.call(moveAgent, { agent: id, to: 'active', reason: 'a test' });
  assert.deepEqual(await everyPath(agent, held), { token: 'given', ...dead, introspect: 'answered' });
  agent.forget();
  assert.equal((await agent.call('payments', 'refund', { order: 'again', amount: 1 })).said, 'allowed');
});

test('a stopped agent works on no path', async () => {
  const { agent, id, held } = await atWork('stopped');
  await rig.maya.client.call(orderStop, { agent: id, reason: 'a test' });
  assert.deepEqual(await everyPath(agent, held), { token: 'invalid_grant', ...dead });
  await assert.rejects(rig.maya.client.call(moveAgent, { agent: id, to: 'active', reason: 'around the stop' }), {
    code: 'agent.move_refused',
  });
});

test('a retired agent works on no path, for good', async () => {
  const { agent, id, held } = await atWork('retired');
  await rig.maya.client.call(moveAgent, { agent: id, to: 'retired', reason: 'a test' });
  assert.deepEqual(await everyPath(agent, held), { token: 'invalid_grant', ...dead });
  for (const to of ['active', 'suspended', 'draft'] as const) {
    await assert.rejects(rig.maya.client.call(moveAgent, { agent: id, to, reason: 'a test' }), { code: 'agent.move_refused' });
  }
});

test('a draft and an unknown agent get no token', async () => {
  const draft = await rig.hire('draft', { draft: true });
  assert.deepEqual(await everyPath(draft), { token: 'invalid_grant', introspect: 'invalid_client' });
  const unknown = byHand(rig.place, 'agt_01k9z7qh4m8y2c3d4e5f6g7h8j', await makeKey());
  assert.deepEqual(await everyPath(unknown), { token: 'invalid_client', introspect: 'invalid_client' });
  const noKey = byHand(rig.place, draft.id, await makeKey());
  assert.deepEqual(await everyPath(noKey), { token: 'invalid_client', introspect: 'invalid_client' });
});

test('an agent whose owner is suspended, or has left, works on no path', async () => {
  // Who leaves loses their keys as well, so there nobody is left to authenticate.
  for (const [state, error] of [
    ['suspended', 'invalid_grant'],
    ['left', 'invalid_client'],
  ] as const) {
    const owner = await rig.person(`owner-${state}`, ['owner']);
    const { agent, held } = await atWork(`of-${state}`, owner.id);
    await rig.maya.client.call(changeHuman, { human: owner.id, state });
    assert.deepEqual(await everyPath(agent, held), { token: 'invalid_grant', ...dead });
    assert.equal(bodyOf(await owner.byHand.askToken(api))['error'], error);
  }
});

test('an owner who may not answer for it any more limits the agent at once', async () => {
  const owner = await rig.person('narrowed', ['owner']);
  const { agent } = await atWork('of-narrowed', owner.id);
  await rig.maya.client.call(changeHuman, { human: owner.id, roles: ['developer'] });
  const told = await agent.call('payments', 'refund', { order: 'narrowed', amount: 1 });
  assert.deepEqual([told.said, told.reason], ['denied', 'owner.may_not_answer']);
});

test('a revoked credential ends every token that is bound to it, and no other', async () => {
  const { agent, id, held } = await atWork('revoked');
  const second = await makeKey();
  const { code } = await rig.maya.client.call(openEnrolment, { principal: id });
  await rig.maya.client.call(enrolKey, { code, jwk: second.publicJwk, label: 'second' });
  const twin = byHand(rig.place, id, second);
  await twin.token(payments);
  const { credentials } = await rig.maya.client.call(getAgent, { agent: id });
  const first = credentials.find(({ jkt }) => jkt === agent.key.jkt);
  await rig.maya.client.call(revokeCredential, { credential: first?.id as CredentialId });
  assert.deepEqual(await everyPath(agent, held), { token: 'invalid_client', ...dead });
  assert.equal((await twin.call('payments', 'refund', { order: 'twin', amount: 1 })).said, 'allowed');
});

test('a token of a task that has ended is dead, and no new one is given for that task', async () => {
  const { agent, held } = await atWork('task-ended');
  const task = String(decodeJwt(held.payments)['task']);
  await rig.maya.client.call(endTask, { task: task as TaskId });
  const told = await agent.call('payments', 'refund', { order: 'ended', amount: 1 });
  assert.deepEqual([told.said, told.status], ['refused', 401]);
  assert.equal(bodyOf(await agent.askToken(payments, { form: { task } }))['error'], 'invalid_grant');
  const foreign = await rig.hire('task-thief');
  const { task: other } = decodeJwt(await agent.token(api));
  assert.equal(bodyOf(await foreign.askToken(payments, { form: { task: String(other) } }))['error'], 'invalid_grant');
});

test('a revoked token is dead', async () => {
  const { agent, held } = await atWork('token-revoked');
  const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
  const body = new URLSearchParams({
    token: held.payments,
    client_assertion_type: type,
    client_assertion: await agent.assertion(),
  });
  const answer = await sendRaw(`${rig.place.issuer}/revoke`, {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: body.toString(),
  });
  assert.equal(answer.status, 200);
  await until(
    'the token is dead here',
    async () => (await agent.call('payments', 'refund', { order: 'token', amount: 1 })).status === 401,
    1_000,
  );
});

test('when the mandate ends or expires nothing is permitted any more', async () => {
  const ended = await rig.hire('mandate-ended');
  const id = await mandate(rig.maya, ended.id, { permissions: refunds });
  assert.equal((await ended.call('payments', 'refund', { order: 'before', amount: 1 })).said, 'allowed');
  await rig.maya.client.call(endMandate, { mandate: id as never });
  const none = await ended.call('payments', 'refund', { order: 'after', amount: 1 });
  assert.deepEqual([none.said, none.reason], ['denied', 'mandate.none']);
  const expired = await rig.hire('mandate-expired', { expiresAt: new Date(Date.now() + 60_000).toISOString() });
  assert.equal((await expired.call('payments', 'refund', { order: 'before', amount: 1 })).said, 'allowed');
  await rig.ahead(61_000, async () => {
    const told = await expired.call('payments', 'refund', { order: 'after', amount: 1 });
    assert.deepEqual([told.said, told.reason], ['denied', 'mandate.expired']);
  });
  assert.equal(
    rig.payments.executed.some(({ order }) => order === 'after'),
    false,
  );
});

test('a token past its time is refused, and a new one is given', async () => {
  const agent = await rig.hire('token-expired');
  const token = await agent.token(payments);
  await rig.ahead(301_000, async () => {
    const told = await agent.call('payments', 'refund', { order: 'expired', amount: 1 }, { token });
    assert.deepEqual([told.said, told.status], ['refused', 401]);
    agent.forget();
    assert.equal((await agent.call('payments', 'refund', { order: 'renewed', amount: 1 })).said, 'allowed');
  });
});

/** Starts a call that the system does not answer, does something, and gives back what became of the call. */
async function whileInFlight(agent: ByHand, system: string, act: () => Promise<unknown>): Promise<Told> {
  const cut = rig.payments.cut();
  const call = agent.call(system, 'slow', { order: agent.id });
  await until('the call is in flight', () => rig.payments.waiting() > 0);
  await act();
  const told = await call;
  await until('the connection to the system is cut', () => rig.payments.cut() === cut + 1, 1_000);
  await until(
    'it is recorded that it was cut',
    async () => (await rig.entries('call.cut', agent.id))[0]?.data['problem'] === 'stopped',
    1_000,
  );
  return told;
}

test('a call in flight is cut when any link of its chain ends', async () => {
  const owner: Person = await addPerson(rig.place, rig.maya, 'owner-in-flight', ['owner']);
  await protect(rig.maya, 'leaving', rig.payments.url, { header: 'x-api-key', value: rig.apiKey });
  const ends: Record<string, (agent: ByHand) => Promise<unknown>> = {
    agent: ({ id }) => rig.maya.client.call(moveAgent, { agent: id as AgentId, to: 'suspended', reason: 'a test' }),
    credential: async ({ id, key }) => {
      const { credentials } = await rig.maya.client.call(getAgent, { agent: id as AgentId });
      return rig.maya.client.call(revokeCredential, {
        credential: credentials.find(({ jkt }) => jkt === key.jkt)?.id as CredentialId,
      });
    },
    task: async (agent) =>
      rig.maya.client.call(endTask, { task: String(decodeJwt(await agent.token(payments))['task']) as TaskId }),
    owner: () => rig.maya.client.call(changeHuman, { human: owner.id, state: 'suspended' }),
    system: () => rig.maya.client.call(removeSystem, { system: 'leaving' }),
  };
  for (const [link, end] of Object.entries(ends)) {
    const system = link === 'system' ? 'leaving' : 'payments';
    const agent = await rig.hire(`cut-${link}`, {
      permissions: [{ system, actions: ['slow'] }],
      ...(link === 'owner' ? { owner: owner.id } : {}),
    });
    const told = await whileInFlight(agent, system, () => end(agent));
    assert.equal(told.said, 'stopped', link);
  }
});

test('a suspended person works on no path', async () => {
  const person = await rig.person('suspended-person', ['auditor']);
  const token = await person.byHand.token(api);
  assert.equal((await person.client.call(whoAmI, {})).principal, person.id);
  await rig.maya.client.call(changeHuman, { human: person.id, state: 'suspended' });
  assert.equal((await person.byHand.api('GET', '/v1/whoami', undefined, { token })).status, 401);
  assert.equal(bodyOf(await person.byHand.askToken(api))['error'], 'invalid_grant');
  assert.equal(bodyOf(await person.byHand.introspect(token))['error'], 'invalid_client');
});
