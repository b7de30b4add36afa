import assert from 'node:assert/strict';
import { accessActions } from '@surety/contract/authzen';
import { apiActions as routeActions } from '@surety/contract/routes';
import { readPolicies } from '@surety/decision/read-policies';
import { openCedar } from '@surety/decision/cedar-engine';
import fc from 'fast-check';
import { test } from 'vitest';
import { defaultOrganisationPolicy, defaultRoles } from './default-policy.ts';
import { type HouseContext, housePolicy, plainHouseContext } from './house-policy.ts';

const apiActions = [...routeActions, ...accessActions].sort();
const engine = openCedar();
const read = readPolicies(housePolicy, { vocabulary: 'house' });
assert.ok(read.ok, JSON.stringify(read));
const set = engine.prepare('house', read.policies);

/** Whether the house policy permits; an evaluation error is a test that went wrong. */
function may(type: string, roles: readonly string[], action: string, context: Partial<HouseContext> = {}): boolean {
  const principal = { type, id: 'one' };
  const resource = { type: 'House', id: 'house' };
  const uid = { type: 'Action', id: action };
  const { permits, errors } = engine.evaluate(set, {
    principal,
    action: uid,
    resource,
    context: { ...plainHouseContext, ...context },
    entities: [
      { uid: principal, attributes: { roles }, parents: [] },
      { uid: resource, attributes: {}, parents: [] },
      { uid, attributes: {}, parents: [] },
    ],
  });
  assert.deepEqual(errors, []);
  return permits.length > 0;
}

const human = (roles: readonly string[], action: string, context?: Partial<HouseContext>) => may('Human', roles, action, context);
const reads = apiActions.filter((action) => action.endsWith(':read') && action !== 'log:read' && action !== 'self:read');

test("what the house comes with can be read: its own policy, the organisation's first, and every role", () => {
  assert.ok(readPolicies(defaultOrganisationPolicy).ok);
  for (const { answersFor } of Object.values(defaultRoles)) assert.ok(readPolicies(answersFor, { holds: false }).ok);
});

test('every action that the policy names is one of the API, and an administrator may do each', () => {
  const named = [...housePolicy.matchAll(/Action::"([^"]+)"/g)].map((match) => match[1]);
  assert.deepEqual(
    named.filter((action) => !apiActions.includes(action ?? '')),
    [],
  );
  for (const action of apiActions) assert.ok(human(['administrator'], action), action);
});

test('a person without a role reads who they are and keeps their own keys, and does nothing else', () => {
  const permitted = apiActions.filter((action) => human([], action, { self: true }));
  assert.deepEqual(permitted, [
    'credential:revoke',
    'enrolment:open',
    'key:enrol',
    'passkey:read',
    'passkey:revoke',
    'self:read',
    'server:claim',
  ]);
  assert.deepEqual(
    apiActions.filter((action) => human(['no-such-role'], action)),
    ['key:enrol', 'self:read', 'server:claim'],
  );
});

test('an agent or workload reads who it is, a workload may ask for decisions, and no more, whatever roles are claimed for it and whatever it owns', () => {
  for (const kind of ['Agent', 'Workload']) {
    const permitted = apiActions.filter((action) =>
      may(kind, ['administrator', 'owner', 'security'], action, { owns: true, self: true, from: 'draft', to: 'active' }),
    );
    const asks = kind === 'Workload' ? accessActions : [];
    assert.deepEqual(permitted, [...asks, 'key:enrol', 'self:read', 'server:claim'], kind);
  }
});

test('whoever is not known comes in only by a code', () => {
  assert.deepEqual(
    apiActions.filter((action) => may('Nobody', [], action, { self: true, owns: true })),
    ['key:enrol', 'server:claim'],
  );
});

test('an auditor reads everything, the ledger too, and changes nothing', () => {
  const permitted = apiActions.filter((action) => human(['auditor'], action, { owns: true, from: 'draft', to: 'active' }));
  assert.deepEqual(permitted, [...reads, 'log:read', 'key:enrol', 'self:read', 'server:claim'].sort());
});

test('security stops and starts, ends what is dangerous and sets policy, but gives no mandate and appoints nobody', () => {
  for (const action of [
    'agent:stop',
    'agent:start',
    'mandate:end',
    'task:end',
    'credential:revoke',
    'passkey:revoke',
    'policy:publish',
    'role:set',
    'application:publish',
    'application:remove',
    'log:read',
    ...reads,
  ]) {
    assert.ok(human(['security'], action), action);
  }
  assert.ok(human(['security'], 'agent:move', { from: 'active', to: 'suspended' }));
  assert.ok(human(['security'], 'agent:move', { from: 'suspended', to: 'active' }));
  for (const action of ['mandate:give', 'human:add', 'human:change', 'system:add', 'request:answer', 'enrolment:open']) {
    assert.ok(!human(['security'], action, { owns: true }), action);
  }
});

test('an owner acts on what is theirs and on nothing else', () => {
  const acts = ['agent:change', 'agent:stop', 'mandate:give', 'mandate:end', 'task:end', 'enrolment:open', 'credential:revoke'];
  for (const action of acts) {
    assert.ok(human(['owner'], action, { owns: true }), action);
    assert.ok(!human(['owner'], action), action);
  }
  assert.ok(
    !human(['owner'], 'agent:change', { owns: true, handsOver: true }),
    'nobody is made to answer by the owner before them',
  );
  assert.ok(!human(['owner'], 'human:change', { self: true, owns: true }), 'nobody gives roles to themselves');
});

test('an owner cannot undo a stop or a suspension of their own agent', () => {
  assert.ok(human(['owner'], 'agent:move', { owns: true, from: 'draft', to: 'active' }));
  assert.ok(human(['owner'], 'agent:move', { owns: true, from: 'active', to: 'suspended' }));
  assert.ok(human(['owner'], 'agent:move', { owns: true, from: 'suspended', to: 'retired' }));
  assert.ok(!human(['owner', 'developer'], 'agent:move', { owns: true, from: 'suspended', to: 'active' }));
  assert.ok(!human(['owner', 'developer'], 'agent:start', { owns: true }));
});

test('a developer registers agents, and enrols and activates those they answer for', () => {
  assert.ok(human(['developer'], 'agent:register'));
  assert.ok(human(['developer'], 'workload:register'));
  for (const action of ['enrolment:open', 'credential:revoke']) {
    assert.ok(human(['developer'], action, { owns: true }));
    assert.ok(!human(['developer'], action));
  }
  assert.ok(human(['developer'], 'agent:move', { owns: true, from: 'draft', to: 'active' }));
  assert.ok(!human(['developer'], 'agent:move', { owns: false, from: 'draft', to: 'active' }));
  assert.ok(!human(['developer'], 'mandate:give', { owns: true }));
});

test('security, owners and developers propose changes of policy; security alone, beside administrators, puts them in force', () => {
  for (const role of ['security', 'owner', 'developer', 'administrator']) assert.ok(human([role], 'policy:propose'), role);
  for (const role of ['approver', 'auditor']) assert.ok(!human([role], 'policy:propose'), role);
  for (const role of ['owner', 'developer', 'approver', 'auditor']) {
    assert.ok(!human([role], 'policy:publish'), role);
    assert.ok(!human([role], 'policy:deployers'), role);
  }
});

test('a workload that was named deploys policy, and nothing else by that; nobody else has such a role', () => {
  const acts = ['policy:propose', 'policy:publish', 'policy:read', 'role:read', 'system:read'];
  const before = apiActions.filter((action) => may('Workload', [], action));
  const after = apiActions.filter((action) => may('Workload', ['deployer'], action));
  assert.deepEqual(
    after.filter((action) => !before.includes(action)),
    acts,
  );
  for (const action of acts) {
    assert.ok(!may('Agent', ['deployer'], action), action);
    assert.ok(!human(['deployer'], action), action);
  }
});

test('an approver answers requests', () => {
  assert.ok(human(['approver'], 'request:answer'));
  assert.ok(!human(['developer', 'auditor', 'security'], 'request:answer'));
});

test('a member missing from the context, where it is looked at, is an error and not a permit', () => {
  const principal = { type: 'Human', id: 'one' };
  const { permits, errors } = engine.evaluate(set, {
    principal,
    action: { type: 'Action', id: 'mandate:give' },
    resource: { type: 'House', id: 'house' },
    context: {},
    entities: [{ uid: principal, attributes: { roles: ['owner'] }, parents: [] }],
  });
  assert.deepEqual(permits, []);
  assert.notDeepEqual(errors, []);
});

test('roles only add: with one more role nobody may do less', () => {
  const roles = fc.subarray(['administrator', 'security', 'owner', 'approver', 'developer', 'auditor']);
  const context = fc.record({
    owns: fc.boolean(),
    self: fc.boolean(),
    handsOver: fc.boolean(),
    from: fc.constantFrom('', 'draft', 'active', 'suspended', 'retired'),
    to: fc.constantFrom('', 'active', 'suspended', 'retired'),
  });
  fc.assert(
    fc.property(roles, roles, fc.constantFrom(...apiActions), context, (some, more, action, about) => {
      if (human(some, action, about)) assert.ok(human([...new Set([...some, ...more])], action, about));
    }),
    { numRuns: 300 },
  );
});
