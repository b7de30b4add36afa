import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { MandateDocument } from '@surety/contract/mandate';
import { openCedar } from '@surety/decision/cedar-engine';
import { test } from 'vitest';
import { addSystem } from '#catalogue/add-system';
import { giveMandate } from '#delegation/give-mandate';
import { openTask } from '#delegation/open-task';
import { readMandate } from '#delegation/read-mandate';
import { type Caller, nobody } from '#kernel/answer';
import type { Fault } from '#kernel/fault';
import { instant } from '#kernel/clock';
import { newId } from '#kernel/id';
import { createSealer } from '#keys/seal';
import { changeHuman } from '#registry/change-human';
import { openPrincipalFacts } from '#registry/principal-facts';
import { registerWorkload } from '#registry/register-workload';
import { openNode } from '#registry/testing/node';
import { freshName, heldClock, residents, signed } from '#registry/testing/residents';
import { addPasskey } from '#signin/passkey-store';
import { createPermit } from './permit-api.ts';

const { db, feed, upToDate } = await openNode();
const { clock } = heldClock();
const { human, agent, keyOf } = residents(db, clock);
const house = { db, clock };
const facts = openPrincipalFacts({ db, feed });
const engine = openCedar();
const permit = createPermit({ db, facts, engine });

const owner = await human({ roles: ['owner'] });
const stranger = await human({ roles: ['owner', 'developer', 'approver'] });
const administrator = await human({ roles: ['administrator'] });
const plain = await human();
const one = await agent({ owner: owner.id, state: 'active' });
const workload = await registerWorkload(house, owner.id, {
  name: freshName('w'),
  displayName: 'W',
  owner: owner.id,
  deputies: [],
});

const by = (person: { readonly id: string }): Caller => ({ principal: person.id, kind: 'human', credential: 'crd_1' });
const may = (caller: Caller, action: string, input: unknown = {}): Promise<boolean> =>
  permit(caller, action, input).then(
    () => true,
    (thrown: Fault) => {
      assert.equal(thrown.code, 'access.denied');
      assert.ok((thrown.why?.[0] ?? '').includes(action));
      return false;
    },
  );

test('an owner acts on what is theirs, by id and by name; another owner does not', async () => {
  for (const ref of [one.id, one.name]) {
    for (const action of ['agent:change', 'agent:stop']) {
      assert.ok(await may(by(owner), action, { agent: ref }), action);
      assert.ok(!(await may(by(stranger), action, { agent: ref })), action);
      assert.ok(await may(by(administrator), action, { agent: ref }), action);
    }
  }
  assert.ok(await may(by(owner), 'workload:move', { workload: workload.name, to: 'suspended' }));
  assert.ok(!(await may(by(stranger), 'workload:move', { workload: workload.name, to: 'suspended' })));
});

test('nobody hands what they answer for to another, by id, by name, or by a name that means nobody', async () => {
  assert.ok(await may(by(owner), 'agent:change', { agent: one.id, owner: owner.name }));
  for (const to of [stranger.id, stranger.name, 'no-such-person'])
    assert.ok(!(await may(by(owner), 'agent:change', { agent: one.id, owner: to })), to);
});

test('an owner suspends but does not lift a suspension', async () => {
  assert.ok(await may(by(owner), 'agent:move', { agent: one.name, to: 'suspended' }));
  const suspended = await agent({ owner: owner.id, state: 'suspended' });
  assert.ok(!(await may(by(owner), 'agent:move', { agent: suspended.id, to: 'active' })));
  assert.ok(!(await may(by(owner), 'agent:start', { agent: suspended.id })));
});

test('keys, codes, mandates and tasks belong to whoever they are of', async () => {
  const key = await keyOf(owner.id);
  const instance = await keyOf(one.id);
  const own = await keyOf(plain.id);
  const catalogue = { db, clock, sealer: createSealer(randomBytes(32)), allowCommands: false, describe: async () => [] };
  const system = await addSystem(catalogue, owner.id, {
    name: freshName('payments'),
    upstream: { kind: 'mcp-http', url: 'https://pay.example/mcp' },
  });
  const document = MandateDocument.parse({
    agent: one.id,
    purpose: 'x',
    autonomy: 'act',
    expiresAt: '2027-01-01T00:00:00Z',
    permissions: [{ system: system.name, actions: ['*'] }],
  });
  const signature = signed(key, 'surety-mandate+jwt', {
    digest: readMandate({ document }).digest,
    agent: one.id,
    iat: Math.floor(clock() / 1000),
  });
  const mandate = await giveMandate(house, owner.id, { document, signature });
  const task = await db.transaction((tx) =>
    openTask(tx, clock, one.id, { agent: one.id, trigger: 'agent', purpose: 'x', lifetimeSeconds: 60 }),
  );
  const requests: readonly [string, unknown][] = [
    ['mandate:give', { document, signature }],
    ['mandate:end', { mandate: mandate.id }],
    ['task:end', { task: task.id }],
    ['credential:revoke', { credential: instance.credential }],
    ['enrolment:open', { principal: one.name, seconds: 900 }],
  ];
  for (const [action, input] of requests) {
    assert.ok(await may(by(owner), action, input), action);
    assert.ok(!(await may(by(stranger), action, input)), action);
    assert.ok(!(await may(by(plain), action, input)), action);
  }
  assert.ok(await may(by(plain), 'credential:revoke', { credential: own.credential }), 'their own key');
  assert.ok(await may(by(plain), 'enrolment:open', { principal: plain.name, seconds: 900 }), 'their own code');
  assert.ok(!(await may(by(plain), 'enrolment:open', { principal: owner.id, seconds: 900 })));
});

test('passkeys belong to their person; security and administrators see and end those of anybody', async () => {
  const passkey = await addedPasskey(plain.id);
  const security = await human({ roles: ['security'] });
  for (const [action, input] of [
    ['passkey:read', { human: plain.name }],
    ['passkey:revoke', { passkey }],
  ] as const) {
    for (const person of [plain, security, administrator]) assert.ok(await may(by(person), action, input), action);
    for (const person of [owner, stranger]) assert.ok(!(await may(by(person), action, input)), action);
  }
  const auditor = await human({ roles: ['auditor'] });
  assert.ok(await may(by(auditor), 'passkey:read', { human: plain.id }));
  assert.ok(!(await may(by(auditor), 'passkey:revoke', { passkey })));
});

async function addedPasskey(of: string): Promise<string> {
  const id = newId<string>('passkey', clock());
  const key = { credentialId: id, publicKey: randomBytes(8), counter: 0, transports: [], createdAt: instant(clock()) };
  await addPasskey(db, { id, human: of, ...key, label: 'passkey', state: 'active' });
  return id;
}

test('what is not there belongs to nobody', async () => {
  const requests: readonly [string, unknown][] = [
    ['agent:stop', { agent: 'no-such-agent' }],
    ['mandate:end', { mandate: 'man_00000000000000000000000000' }],
    ['task:end', { task: 'tsk_00000000000000000000000000' }],
    ['credential:revoke', { credential: 'crd_00000000000000000000000000' }],
    ['passkey:revoke', { passkey: 'pky_00000000000000000000000000' }],
    ['mandate:give', {}],
    ['agent:change', null],
  ];
  for (const [action, input] of requests) {
    assert.ok(!(await may(by(owner), action, input)), action);
    assert.ok(await may(by(administrator), action, input), 'whom the verb tells that it is not there');
  }
});

test('an agent or workload learns who it is and no more, though it owns what it asks about', async () => {
  for (const caller of [
    { principal: one.id, kind: 'agent', credential: 'c' },
    { principal: workload.id, kind: 'workload', credential: 'c' },
  ] as const) {
    assert.ok(await may(caller, 'self:read'));
    for (const action of ['agent:read', 'agent:stop', 'credential:revoke', 'human:add', 'policy:publish', 'request:answer']) {
      assert.ok(!(await may(caller, action, { agent: caller.principal, principal: caller.principal })), action);
    }
  }
});

test('whoever is not known comes in only with a code', async () => {
  for (const action of ['server:claim', 'key:enrol']) assert.ok(await may(nobody, action));
  for (const action of ['self:read', 'agent:read', 'human:add', 'agent:stop'])
    assert.ok(!(await may(nobody, action, { agent: one.id })), action);
});

test('roles are those of this moment, and only of people who are active', async () => {
  const person = await human({ roles: ['administrator'] });
  assert.ok(await may(by(person), 'human:add'));
  await changeHuman(house, 'house', { human: person.id, roles: ['auditor'] });
  await upToDate();
  assert.ok(!(await may(by(person), 'human:add')));
  assert.ok(await may(by(person), 'log:read'));
  await changeHuman(house, 'house', { human: person.id, state: 'suspended' });
  await upToDate();
  assert.ok(!(await may(by(person), 'log:read')));
  assert.ok(
    !(await may({ principal: administrator.id, kind: 'agent', credential: 'c' }, 'human:add')),
    'an agent with the id of a person',
  );
});

test('rules that cannot be evaluated pass nobody', async () => {
  const broken = createPermit({
    db,
    facts,
    engine: { ...engine, evaluate: () => ({ permits: ['house.administrator'], forbids: [], errors: ['house.owner'] }) },
  });
  await assert.rejects(broken(by(administrator), 'self:read', {}), { code: 'access.denied' });
  const forbidding = createPermit({
    db,
    facts,
    engine: { ...engine, evaluate: () => ({ permits: [], forbids: ['x'], errors: [] }) },
  });
  await assert.rejects(forbidding(by(administrator), 'self:read', {}), { code: 'access.denied' });
});
