import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import * as authority from '@surety/contract/authority-routes';
import * as flow from '@surety/contract/flow-routes';
import * as registry from '@surety/contract/registry-routes';
import type { Route } from '@surety/contract/route';
import { generateSigningKey } from '@surety/proof/jwk';
import { openCedar } from '@surety/decision/cedar-engine';
import { test } from 'vitest';
import { catalogueRoutes } from '#catalogue/catalogue-routes';
import { type AnyAnswer, type Caller, nobody } from '#kernel/answer';
import { perform, type Permit } from '#kernel/perform';
import { createSealer } from '#keys/seal';
import { labRoutes } from '#lab/lab-routes';
import { openMeters } from '#metering/meters';
import { policyRoutes } from '#policy/policy-routes';
import { prepareHouse } from '#policy/prepare-house';
import { openClaim } from '#registry/open-claim';
import { registryRoutes } from '#registry/registry-routes';
import { heldClock, signed } from '#registry/testing/residents';
import { house } from '#testing/house';
import { delegationRoutes } from './delegation-routes.ts';

const db = await house();
const { clock } = heldClock();
const sealer = createSealer(randomBytes(32));
const tool = { name: 'get_order', inputSchema: {}, definition: { name: 'get_order' } };
const answers: readonly AnyAnswer[] = [
  ...registryRoutes({ db, clock, issuer: 'http://127.0.0.1:7070', gatewayUrl: 'http://127.0.0.1:7071' }),
  ...policyRoutes({ db, clock }),
  ...labRoutes({
    db,
    clock,
    sealer,
    engine: openCedar(),
    authority: { mandate: async () => undefined },
    meters: openMeters({ db, key: randomBytes(32) }),
  }).filter(({ route }) => Object.values<unknown>(authority).includes(route)),
  ...catalogueRoutes({ db, clock, sealer, allowCommands: false, describe: async () => [tool] }).filter(
    ({ route }) => !Object.values<unknown>(flow).includes(route),
  ),
  ...delegationRoutes({ db, clock }),
];

const asked: string[] = [];
const permit: Permit = async (_caller, action) => void asked.push(action);

/** Asks as the hall does: input and output both go through the contract. */
async function ask<Answer = Record<string, unknown>>(caller: Caller, name: string, input: object = {}): Promise<Answer> {
  const found = answers.find(({ route }) => route.name === name);
  assert.ok(found, name);
  return (await perform(permit, caller, found, input)) as Answer;
}

test('every route of the registry and of authority is answered, and only once', () => {
  const isRoute = (value: unknown): value is Route => typeof value === 'object' && value !== null && 'path' in value;
  const everything: readonly unknown[] = [...Object.values(registry), ...Object.values(authority)];
  const contract = everything.filter(isRoute).map(({ name }) => name);
  assert.deepEqual(answers.map(({ route }) => route.name).sort(), contract.sort());
});

test('a new server, from the claim to an agent with a key, a mandate and an owner, through the contract alone', async () => {
  await prepareHouse(db, clock);
  const key = generateSigningKey();
  const { code } = await openClaim({ db, clock });
  const claimed = await ask<{ human: { id: string }; credential: { id: string } }>(nobody, 'claimServer', {
    code,
    name: 'maya',
    displayName: 'Maya Okafor',
    title: 'head of support',
    jwk: key.publicJwk,
  });
  const maya: Caller = { principal: claimed.human.id, kind: 'human', credential: claimed.credential.id };

  assert.deepEqual(await ask(maya, 'whoAmI'), {
    principal: maya.principal,
    kind: 'human',
    name: 'maya',
    displayName: 'Maya Okafor',
    credential: maya.credential,
  });
  await ask(maya, 'addHuman', { name: 'ravi', displayName: 'Ravi Nair', roles: ['developer'] });
  await ask(maya, 'changeHuman', { human: 'ravi', groups: ['support'] });
  await ask(maya, 'addSystem', {
    name: 'payments',
    upstream: { kind: 'mcp-http', url: 'https://pay.example/mcp' },
    credential: { place: { kind: 'header', name: 'Authorization' }, value: 'Bearer canary-3f' },
  });
  await ask(maya, 'classifyOperation', { system: 'payments', operation: 'get_order', effect: 'read' });
  await ask(maya, 'refreshSystem', { system: 'payments' });

  const { id: agent } = await ask<{ id: string; state: string }>(maya, 'registerAgent', {
    name: 'refund-bot',
    displayName: 'Refund bot',
    purpose: 'refund orders',
    owner: 'maya',
    deputies: ['ravi'],
  });
  await ask(maya, 'changeAgent', { agent: 'refund-bot', riskTier: 'high' });
  await ask(maya, 'moveAgent', { agent: 'refund-bot', to: 'active', reason: 'ready' });
  const opened = await ask<{ code: string }>(maya, 'openEnrolment', { principal: 'refund-bot' });
  const enrolled = await ask<{ credential: { id: string }; issuer: string; gateway: string }>(nobody, 'enrolKey', {
    code: opened.code,
    jwk: generateSigningKey().publicJwk,
  });
  assert.deepEqual([enrolled.issuer, enrolled.gateway], ['http://127.0.0.1:7070', 'http://127.0.0.1:7071']);

  const document = {
    agent,
    purpose: 'refund orders',
    autonomy: 'act_within_limits',
    expiresAt: '2027-01-01T00:00:00Z',
    permissions: [{ system: 'payments', actions: ['get_*'], where: { '/amount': { max: 250 } } }],
  };
  const { digest } = await ask<{ digest: string }>(maya, 'readMandate', { document });
  const signature = signed(key, 'surety-mandate+jwt', { digest, agent, iat: Math.floor(clock() / 1000) });
  const mandate = await ask<{ id: string }>(maya, 'giveMandate', { document, signature });
  assert.deepEqual(
    (await ask<{ items: { id: string }[] }>(maya, 'listMandates', { agent: 'refund-bot' })).items.map(({ id }) => id),
    [mandate.id],
  );

  const shown = await ask<{ human: { name: string }; answersFor: { name: string }[] }>(maya, 'getHuman', { human: 'maya' });
  assert.deepEqual(
    shown.answersFor.map(({ name }) => name),
    ['refund-bot'],
  );
  const known = await ask<{ owner: { displayName: string }; credentials: unknown[] }>(maya, 'getAgent', { agent: 'refund-bot' });
  assert.equal(known.owner.displayName, 'Maya Okafor');
  assert.equal(known.credentials.length, 1);

  await ask(maya, 'revokeCredential', { credential: enrolled.credential.id });
  await ask(maya, 'endMandate', { mandate: mandate.id });
  await ask(maya, 'getMandate', { mandate: mandate.id });
  await ask(maya, 'registerWorkload', { name: 'billing', displayName: 'Billing', owner: 'maya' });
  await ask(maya, 'moveWorkload', { workload: 'billing', to: 'active', reason: 'ready' });
  await ask(maya, 'setRole', { role: 'night-shift', document: { answersFor: '' } });
  await ask(maya, 'publishPolicy', { text: 'permit (principal is Agent, action, resource);' });
  assert.deepEqual(await ask(maya, 'checkPolicy', { text: 'permit (principal is Agent, action, resource);' }), { policies: 1 });
  await assert.rejects(ask(maya, 'checkPolicy', { text: 'permit' }), { code: 'policy.invalid' });
  await ask(maya, 'getSystem', { system: 'payments' });
  for (const name of ['listHumans', 'listAgents', 'listWorkloads', 'listSystems', 'listRoles', 'getPolicy'])
    await ask(maya, name);
  await ask(maya, 'removeSystem', { system: 'payments' });
  assert.ok(asked.includes('server:claim') && asked.includes('mandate:give'));
});

test('what is not in the contract is refused at the door: a state, an owner by the back, a private key', async () => {
  const maya: Caller = { principal: `hum_${'0'.repeat(26)}`, kind: 'human', credential: 'crd' };
  const malformed = { code: 'request.malformed' };
  const agent = { name: 'x', displayName: 'X', purpose: 'p', owner: 'maya' };
  await assert.rejects(ask(maya, 'registerAgent', { ...agent, state: 'active' }), malformed);
  await assert.rejects(ask(maya, 'registerAgent', { ...agent, createdAt: '2020-01-01T00:00:00Z' }), malformed);
  await assert.rejects(ask(maya, 'registerAgent', { ...agent, owner: '' }), malformed);
  await assert.rejects(ask(maya, 'registerAgent', { ...agent, owner: null }), malformed);
  await assert.rejects(ask(maya, 'registerAgent', { ...agent, displayName: 'X\u202e' }), malformed);
  await assert.rejects(ask(maya, 'addHuman', { name: 'y', displayName: 'Y', title: 'a\0b' }), malformed);
  const { d: _d, ...jwk } = { ...generateSigningKey().publicJwk, d: 'x' };
  await assert.rejects(ask(nobody, 'enrolKey', { code: '0'.repeat(26), jwk: { ...jwk, d: 'A'.repeat(43) } }), malformed);
});
