import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { getApplication, publishApplication, removeApplication } from '@surety/contract/authzen-routes';
import { moveWorkload } from '@surety/contract/registry-routes';
import { afterAll, beforeAll, test } from 'vitest';
import { certificationWorld, type World } from './authzen-documents.ts';
import { makeKey } from './forge.ts';
import { type Asker, employ, openAsker } from './pep.ts';
import { bodyOf } from './raw-http.ts';
import { openRig, type Rig } from './rig.ts';

/** Whoever is no PEP, a PEP that lies, and JSON that two parsers read differently. */
let rig: Rig;
let pep: Asker;

beforeAll(async () => {
  rig = await openRig();
  pep = await openAsker(rig, 'records', certificationWorld);
});
afterAll(async () => {
  await rig?.checkLog();
  await rig?.close();
});

const alice = { type: 'user', id: 'alice' };
const fixture = { subject: alice, action: { name: 'read' }, resource: { type: 'record', id: 'record-1' } };
const paths = ['evaluation', 'evaluations', 'search/subject', 'search/resource', 'search/action', 'requests'];

test('without a token, with another scheme or a used proof nobody is answered, whatever is asked', async () => {
  for (const path of paths) {
    const url = `${rig.running.issuer}/access/v1/${path}`;
    const bare = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(fixture),
    });
    assert.deepEqual([bare.status, bare.headers.get('www-authenticate')?.startsWith('DPoP ')], [401, true], path);
    await bare.body?.cancel();
    assert.equal((await pep.ask(path, fixture, { scheme: 'Bearer' })).status, 401, path);
    assert.equal((await pep.ask(path, fixture, { proofKey: await makeKey() })).status, 401, path);
  }
});

test('a proof is good for one question, also for the same one', async () => {
  const proofClaims = { jti: randomUUID(), htu: `${rig.running.issuer}/access/v1/evaluation` };
  const headers = { 'content-type': 'application/json' };
  const send = () =>
    pep.byHand.api('POST', '/access/v1/evaluation', undefined, { proofClaims, headers, body: JSON.stringify(fixture) } as never);
  const before = (await rig.entries('access.evaluated')).length;
  const all = await Promise.all([send(), send(), send()]);
  assert.deepEqual(
    all.map(({ status }) => status).toSorted((one, other) => one - other),
    [200, 401, 401],
  );
  assert.equal((await rig.entries('access.evaluated')).length, before + 1);
});

test('GET, PUT and a query get no decision', async () => {
  for (const method of ['GET', 'PUT', 'DELETE'])
    assert.equal((await pep.byHand.api(method, '/access/v1/evaluation', fixture)).status, 405, method);
});

test('an agent, a person without the role and a workload that asks for nothing are turned away, and it is recorded', async () => {
  const agent = await rig.hire('curious');
  const auditor = await rig.person('ada', ['auditor']);
  const idle = await employ(rig, 'idle-workload');
  for (const by of [agent, auditor.byHand, idle]) {
    for (const path of paths) assert.equal((await by.api('POST', `/access/v1/${path}`, fixture)).status, 403, path);
    assert.equal((await rig.entries('api.denied', by.id)).length, paths.length);
  }
});

test('what ends a PEP ends its answers: suspended, or its application removed; published anew, it is answered again', async () => {
  const short = await openAsker(rig, 'short', certificationWorld);
  assert.equal(await short.evaluate(fixture), true);
  await rig.maya.client.call(removeApplication, { application: 'short' });
  assert.equal((await short.ask('evaluation', fixture)).status, 403);
  await short.publish(certificationWorld);
  assert.equal(await short.evaluate(fixture), true);
  await rig.maya.client.call(moveWorkload, { workload: short.byHand.id as never, to: 'suspended', reason: 'test' });
  assert.equal((await short.ask('evaluation', fixture)).status, 401);
});

test('a new version of an application is in force at once, and a search of the old one does not go on', async () => {
  const changing = await openAsker(rig, 'changing', certificationWorld);
  const search = { subject: { type: 'user' }, action: { name: 'read' }, resource: fixture.resource };
  const { body } = await changing.ask('search/subject', { ...search, page: { limit: 1 } });
  const { next_token: token } = body['page'] as { next_token: string };
  await changing.publish({ ...certificationWorld, policies: '@id("none") forbid (principal, action, resource);' });
  const denied = await changing.ask('evaluation', fixture);
  assert.deepEqual(
    [denied.body['decision'], (denied.body['context'] as { reason: string }).reason],
    [false, 'application.forbidden'],
  );
  assert.equal((await changing.ask('search/subject', { ...search, page: { token } })).status, 400);
  const { version } = await rig.maya.client.call(getApplication, { application: 'changing' });
  const [last] = (await rig.entries('application.published')).slice(-1);
  assert.deepEqual([version, last?.data['version']], [2, 2]);
});

test('a page token is for its search, its PEP and nobody who makes one up', async () => {
  const other = await openAsker(rig, 'other', certificationWorld);
  const search = { subject: { type: 'user' }, action: { name: 'read' }, resource: fixture.resource };
  const { body } = await pep.ask('search/subject', { ...search, page: { limit: 1 } });
  const { next_token: token } = body['page'] as { next_token: string };
  const statusOf = async (by: Asker, change: object, page: object) =>
    (await by.ask('search/subject', { ...search, ...change, page })).status;
  assert.equal(await statusOf(pep, {}, { token }), 200);
  assert.equal(await statusOf(pep, { action: { name: 'write' } }, { token }), 400);
  assert.equal(await statusOf(pep, { context: { x: 1 } }, { token }), 400);
  assert.equal(await statusOf(other, {}, { token }), 400);
  const forged = `${Buffer.from('alicd').toString('base64url')}.${token.split('.')[1]}`;
  for (const bad of [forged, 'x', `${token}.x`, `${token}A`, token.split('.')[0]])
    assert.equal(await statusOf(pep, {}, { token: bad }), 400, bad);
});

test('what a PEP may not state counts for nothing: not a property, not a role, not another kind of subject', async () => {
  const write = { ...fixture, action: { name: 'write' } };
  const bob = { type: 'user', id: 'bob', properties: { writes: true, roles: ['admin'], type: 'admin' } };
  assert.equal(await pep.evaluate({ ...write, subject: bob }), false);
  assert.equal(await pep.evaluate({ ...write, subject: { type: 'admin', id: 'bob' } }), false);
  assert.equal(
    await pep.evaluate({ ...write, subject: { type: 'user', id: 'bob' }, context: { writes: true, role: 'admin' } }),
    false,
  );
});

test.for([
  [
    'a key twice',
    '{"subject":{"type":"user","id":"bob","id":"alice"},"action":{"name":"read"},"resource":{"type":"record","id":"record-1"}}',
    400,
  ],
  [
    'a key twice, once escaped',
    '{"subject":{"type":"user","\\u0069d":"bob","id":"alice"},"action":{"name":"read"},"resource":{"type":"record","id":"record-1"}}',
    400,
  ],
  ['depth 10,000', `{"subject":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, 400],
  ['many values', `{"subject":[${'1,'.repeat(40_000)}1]}`, 413],
  ['a byte order mark', `\ufeff${JSON.stringify(fixture)}`, 400],
  ['text behind it', `${JSON.stringify(fixture)}x`, 400],
  [
    'a lone surrogate',
    '{"subject":{"type":"user","id":"\\ud800"},"action":{"name":"read"},"resource":{"type":"record","id":"record-1"}}',
    400,
  ],
  [
    'a number that no double holds',
    '{"subject":{"type":"user","id":"alice","properties":{"n":1.00000000000000000001}},"action":{"name":"read"},"resource":{"type":"record","id":"record-1"}}',
    400,
  ],
  ['more than half a megabyte', `{"subject":"${'x'.repeat(600_000)}"}`, 413],
] as const)('%s is refused', async ([, body, expected]) => {
  const headers = { 'content-type': 'application/json' };
  const { status } = await pep.byHand.api('POST', '/access/v1/evaluation', undefined, { headers, body } as never);
  assert.equal(status, expected);
});

test('__proto__ and constructor are names like any other, and change nothing', async () => {
  const body = JSON.stringify(fixture).replace(
    '"id":"alice"',
    '"id":"alice","properties":{"__proto__":{"role":"admin"},"constructor":{"x":1}},"__proto__":{"id":"bob"}',
  );
  const headers = { 'content-type': 'application/json' };
  const raw = await pep.byHand.api('POST', '/access/v1/evaluation', undefined, { headers, body } as never);
  assert.deepEqual([raw.status, bodyOf(raw)], [200, { decision: true }]);
  assert.equal(Object.hasOwn(Object.prototype, 'role'), false);
});

test('ids that look alike when joined are not the same: no separator, no other spelling, no empty one', async () => {
  for (const id of ['alice\u0000', 'alice ', 'ALICE', 'user:alice', 'alice"'])
    assert.equal(await pep.evaluate({ ...fixture, subject: { type: 'user', id } }), false, JSON.stringify(id));
  assert.equal((await pep.ask('evaluation', { ...fixture, subject: { type: 'user', id: '' } })).status, 400);
  for (const type of ['toString', '__proto__', 'constructor'])
    assert.equal(await pep.evaluate({ ...fixture, subject: { type, id: 'alice' } }), false);
});

test('a batch has a limit, and says so', async () => {
  const evaluations = Array.from({ length: 10_000 }, () => ({}));
  assert.equal((await pep.ask('evaluations', { ...fixture, evaluations })).status, 413);
});

test('what was asked and answered is in the ledger once for each request, and no name of it in clear', async () => {
  const before = (await rig.entries('access.evaluated', pep.byHand.id)).length;
  await pep.ask('evaluations', { ...fixture, evaluations: [{}, { subject: { type: 'user', id: 'canary-91b3' } }] });
  await pep.ask('search/action', { ...fixture, subject: { type: 'user', id: 'canary-91b3' } });
  const entries = await rig.entries('access.evaluated', pep.byHand.id);
  assert.equal(entries.length, before + 1);
  const data = entries.at(-1)?.data ?? {};
  assert.deepEqual([data['questions'], data['permitted'], data['reasons']], [2, 1, ['permitted', 'subject.unknown']]);
  assert.equal((await rig.entries('access.searched', pep.byHand.id)).length > 0, true);
  const [leaks] = await rig.query<{ found: number }>(
    `select count(*) as found from entry where body like '%canary-91b3%' or position('canary-91b3'::bytea in coalesce(sealed, ''::bytea)) > 0`,
  );
  assert.equal(leaks?.found, 0);
  assert.ok(!rig.log.some((line) => line.includes('canary-91b3')));
});

test.for([
  ['policies that do not parse', { policies: 'permit (principal' }],
  ['a type that is not declared', { policies: 'permit (principal is robot, action, resource);' }],
  ['a property that nothing has', { policies: 'permit (principal, action, resource) when { principal.rank == 1 };' }],
  ['an action that is not declared', { policies: 'permit (principal, action == Action::"fly", resource);' }],
  ['an entity twice', { entities: [...certificationWorld.entities, ...certificationWorld.entities] }],
  ['an entity of no type', { entities: [{ type: 'robot', id: 'r', properties: {}, in: [] }] }],
  [
    'a circle',
    {
      entities: [
        { type: 'user', id: 'a', properties: {}, in: [{ type: 'user', id: 'b' }] },
        { type: 'user', id: 'b', properties: {}, in: [{ type: 'user', id: 'a' }] },
      ],
    },
  ],
  ['a type that is ours', { types: { tool: { open: true, asserts: [] } } }],
  ['a template', { policies: 'permit (principal == ?principal, action, resource);' }],
] as const)('an application with %s is refused', async ([, change]) => {
  const document = { ...certificationWorld, ...change, peps: [pep.byHand.id] } as World & { peps: never[] };
  const raw = await rig.maya.byHand.api('PUT', '/v1/applications/refused', { document });
  assert.equal(raw.status, 400, raw.text);
  assert.ok(['application.invalid', 'request.malformed'].includes(String(bodyOf(raw)['code'])));
});

test('a workload asks for one application; and who publishes needs the role for it', async () => {
  const document = { ...certificationWorld, peps: [pep.byHand.id as never] };
  await assert.rejects(rig.maya.client.call(publishApplication, { application: 'second', document }), {
    code: 'application.pep_taken',
  });
  await assert.rejects(
    rig.maya.client.call(publishApplication, { application: 'second', document: { ...document, peps: ['nobody' as never] } }),
    { code: 'workload.not_found' },
  );
  const developer = await rig.person('dev', ['developer']);
  await assert.rejects(developer.client.call(publishApplication, { application: 'second', document }), { code: 'access.denied' });
});
