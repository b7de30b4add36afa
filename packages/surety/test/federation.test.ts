import assert from 'node:assert/strict';
import { acceptManifest, addIssuer, addMatch, removeIssuer } from '@surety/contract/federation-routes';
import type { AgentId } from '@surety/contract/id';
import { openPlatform, type Platform } from '@surety/server/federation/testing/platform';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, test } from 'vitest';
import { byHand, type ByHand } from './by-hand.ts';
import { makeKey } from './forge.ts';
import { bodyOf } from './raw-http.ts';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;
let platform: Platform;
let agent: ByHand;
let payments: string;

beforeAll(async () => {
  rig = await openRig({ env: { SURETY_ALLOW_LOOPBACK_ISSUERS: 'true' } });
  payments = `${rig.place.gateway}/mcp/payments`;
  platform = await openPlatform({ audience: rig.place.issuer, alg: 'RS256' });
  agent = await rig.hire('deployer');
  const { client } = rig.maya;
  await client.call(addIssuer, { name: 'actions', kind: 'github', issuer: platform.issuer });
  await client.call(addMatch, { issuer: 'actions', claims: { repository: 'acme/deployer' }, agent: agent.id as AgentId });
});
afterAll(async () => {
  await platform?.close();
  await rig?.checkLog();
  await rig?.close();
});

/** A running copy with a key of its own and nothing else, and its first token. */
async function arrive(form: Readonly<Record<string, string>> = {}): Promise<{ copy: ByHand; token: string }> {
  const copy = byHand(rig.place, agent.id, await makeKey());
  const assertion = await platform.assertion({ sub: 'repo:acme/deployer', repository: 'acme/deployer' });
  const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion };
  const without = { client_assertion: undefined, client_assertion_type: undefined, client_id: undefined };
  const body = bodyOf(await copy.askToken(payments, { form: { ...grant, ...without, ...form } }));
  assert.equal(typeof body['access_token'], 'string', JSON.stringify(body));
  return { copy, token: String(body['access_token']) };
}

test('an agent with no key here calls a tool under its mandate, on the word of its platform, and its key goes on after that', async () => {
  const { copy, token } = await arrive();
  assert.equal(decodeJwt(token)['client_id'], agent.id);
  const told = await copy.call('payments', 'refund', { order: 'o-1', amount: 20 }, { token });
  assert.equal(told.said, 'allowed', told.text);
  copy.forget();
  assert.equal((await copy.call('payments', 'refund', { order: 'o-2', amount: 20 })).said, 'allowed');
});

test('a copy made of something that nobody accepted changes nothing, until who answers for it accepts', async () => {
  const manifest_digest = 'sha256:0123456789abcdef';
  const { copy, token } = await arrive({ manifest_digest });
  const told = await copy.call('payments', 'refund', { order: 'o-3', amount: 20 }, { token });
  assert.deepEqual([told.said, told.reason], ['denied', 'mandate.autonomy']);
  await rig.maya.client.call(acceptManifest, { agent: agent.id as AgentId, digest: manifest_digest });
  assert.equal((await copy.call('payments', 'refund', { order: 'o-4', amount: 20 }, { token })).said, 'allowed');
});

test('when its issuer is trusted no more, neither the token nor the key of a copy opens anything', async () => {
  const { copy, token } = await arrive();
  await rig.maya.client.call(removeIssuer, { issuer: 'actions' });
  const executed = rig.payments.executed.length;
  const told = await copy.call('payments', 'refund', { order: 'o-5', amount: 20 }, { token });
  assert.deepEqual([told.said, told.status], ['refused', 401]);
  assert.equal(bodyOf(await copy.askToken(payments))['error'], 'invalid_client');
  assert.equal(rig.payments.executed.length, executed);
});
