import assert from 'node:assert/strict';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { certificationWorld } from './authzen-documents.ts';
import { type Asker, openAsker } from './pep.ts';
import { openRig, type Rig } from './rig.ts';

/** The certification scenario of the AuthZEN Authorization API 1.0, by its own numbers: every test id of every level. */
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
const bob = { type: 'user', id: 'bob' };
const record1 = { type: 'record', id: 'record-1' };
const archived = { type: 'record', id: 'record-2', properties: { status: 'archived' } };
const admin = { ...bob, properties: { role: 'admin' } };
const [read, write] = [{ name: 'read' }, { name: 'write' }];
const fixture = { subject: alice, action: read, resource: record1 };

async function decisions(body: object): Promise<unknown[]> {
  const { status, body: said, raw } = await pep.ask('evaluations', body);
  assert.equal(status, 200, raw.text);
  return (said['evaluations'] as { decision: unknown }[]).map(({ decision }) => decision);
}

async function found(kind: 'subject' | 'resource' | 'action', body: object): Promise<unknown[]> {
  const { status, body: said, raw } = await pep.ask(`search/${kind}`, body);
  assert.equal(status, 200, raw.text);
  return (said['results'] as Record<string, unknown>[]).map((one) => {
    assert.deepEqual(Object.keys(one).sort(), kind === 'action' ? ['name'] : ['id', 'type']);
    return kind === 'action' ? one['name'] : one['id'];
  });
}

const statusOf = async (path: string, body: object) => (await pep.ask(path, body)).status;

describe('2 Basic', () => {
  test.for([
    ['2.2.1 alice reads', fixture, true],
    ['rule 2, alice writes', { ...fixture, action: write }, true],
    ['rule 3, bob reads', { ...fixture, subject: bob }, true],
    ['2.2.2 bob does not write', { ...fixture, subject: bob, action: write }, false],
    ['2.2.3 with context', { ...fixture, context: { time: '2025-06-27T18:03-07:00', ip: '192.168.1.1' } }, true],
    ['2.2.4 archived by its properties', { ...fixture, action: write, resource: archived }, false],
    [
      '2.2.4 archived by its properties, whatever it is',
      { ...fixture, action: write, resource: { ...record1, properties: { status: 'archived' } } },
      false,
    ],
    ['2.2.5 an admin writes what is archived', { subject: admin, action: write, resource: archived }, true],
    ['2.2.6 soft delete', { ...fixture, action: { name: 'delete', properties: { soft: true } } }, true],
    ['2.2.7 hard delete', { ...fixture, action: { name: 'delete', properties: { soft: false } } }, false],
    [
      '2.2.8 more properties',
      {
        subject: { ...alice, properties: { department: 'Sales', role: 'manager' } },
        action: { ...read, properties: { method: 'GET' } },
        resource: { ...record1, properties: { status: 'active', owner: 'bob' } },
      },
      true,
    ],
    ['2.2.9 unknown fields', { ...fixture, foo: 'bar', futureField: { nested: true } }, true],
  ] as const)('%s', async ([, body, expected]) => {
    assert.equal(await pep.evaluate(body), expected);
  });

  test('2.3 a no is status 200 with a decision and maybe a context, both of their types', async () => {
    const { status, body, raw } = await pep.ask('evaluation', { ...fixture, subject: bob, action: write });
    assert.deepEqual([status, raw.headers['content-type'], body['decision']], [200, 'application/json', false]);
    assert.equal(typeof body['context'], 'object');
  });

  test.for([
    ['subject', { action: read, resource: record1 }],
    ['action', { subject: alice, resource: record1 }],
    ['resource', { subject: alice, action: read }],
    ['subject.type', { ...fixture, subject: { id: 'alice' } }],
    ['subject.id', { ...fixture, subject: { type: 'user' } }],
    ['action.name', { ...fixture, action: {} }],
    ['resource.type', { ...fixture, resource: { id: 'record-1' } }],
    ['resource.id', { ...fixture, resource: { type: 'record' } }],
    ['subject, a text', { ...fixture, subject: 'alice' }],
    ['action.name, a number', { ...fixture, action: { name: 123 } }],
    ['context, a list', { ...fixture, context: [] }],
    ['properties, a text', { ...fixture, subject: { ...alice, properties: 'x' } }],
  ] as const)('2.4 without a good %s it is 400', async ([, body]) => {
    assert.equal(await statusOf('evaluation', body), 400);
  });

  test('2.4.3 to 2.4.5 another content type, malformed JSON and an empty body are 400', async () => {
    const text = JSON.stringify(fixture);
    const send = async (headers: Record<string, string>, body: string) =>
      (await pep.byHand.api('POST', '/access/v1/evaluation', undefined, { headers, body } as never)).status;
    assert.equal(await send({ 'content-type': 'text/plain' }, text), 400);
    assert.equal(await send({ 'content-type': 'application/xml' }, text), 400);
    assert.equal(await send({ 'content-type': 'application/json' }, '{"subject":'), 400);
    assert.equal(await send({ 'content-type': 'application/json' }, ''), 400);
    assert.equal(await send({ 'content-type': 'application/json' }, '[]'), 400);
    assert.equal(await send({ 'content-type': 'application/json; charset=utf-8' }, text), 200);
  });

  test('2.5 X-Request-ID comes back as it was sent, also with an error; without one there is one', async () => {
    const headers = { 'x-request-id': 'bfe9eb29-ab87-4ca3-be83-a1d5d8305716', 'content-type': 'application/json' };
    for (const body of [fixture, { ...fixture, subject: 'alice' }]) {
      const { raw } = await pep.ask('evaluation', body, { headers });
      assert.equal(raw.headers['x-request-id'], headers['x-request-id']);
    }
    assert.match(String((await pep.ask('evaluation', fixture)).raw.headers['x-request-id']), /^req_/);
  });

  test('2.6 the same question has the same answer', async () => {
    for (let times = 0; times < 3; times++) {
      assert.equal(await pep.evaluate(fixture), true);
      assert.equal(await pep.evaluate({ ...fixture, subject: bob, action: write }), false);
    }
  });
});

describe('3 Batch', () => {
  test('3.2.1 to 3.2.5 items in their order, with properties of their own', async () => {
    assert.equal(
      (await decisions({ subject: alice, action: read, evaluations: [{ resource: record1 }, { resource: archived }] })).length,
      2,
    );
    assert.deepEqual(await decisions({ subject: bob, resource: record1, evaluations: [{ action: read }, { action: write }] }), [
      true,
      false,
    ]);
    const active = { ...record1, properties: { status: 'active' } };
    assert.deepEqual(
      await decisions({ subject: alice, action: write, evaluations: [{ resource: active }, { resource: archived }] }),
      [true, false],
    );
    assert.deepEqual(
      await decisions({ action: write, resource: archived, evaluations: [{ subject: alice }, { subject: admin }] }),
      [false, true],
    );
    assert.deepEqual(await decisions({ evaluations: [fixture, { subject: bob, action: write, resource: record1 }] }), [
      true,
      false,
    ]);
  });

  test('3.2.6 context above, and of an item', async () => {
    const items = [
      { resource: record1 },
      { resource: archived, context: { time: '2025-06-27T19:00-07:00', source: 'batch-override' } },
    ];
    assert.equal((await decisions({ subject: alice, action: read, context: { time: 'x' }, evaluations: items })).length, 2);
  });

  test('3.2.7 an item takes what names a thing from above, and nothing else of it', async () => {
    const items = [{ resource: { id: 'record-1', properties: { status: 'active' } } }, { resource: archived }];
    assert.deepEqual(await decisions({ subject: alice, action: write, resource: { type: 'record' }, evaluations: items }), [
      true,
      false,
    ]);
    const above = { type: 'record', id: 'record-1', properties: { status: 'archived' } };
    assert.deepEqual(
      await decisions({ subject: alice, action: write, resource: above, evaluations: [{}, { resource: { id: 'record-1' } }] }),
      [false, true],
    );
  });

  test('3.3 and 3.4.1 as many answers as questions; one that is malformed is a no by itself', async () => {
    const body = {
      subject: alice,
      action: read,
      evaluations: [{ resource: record1 }, {}, { resource: { type: 'record', id: 7 } }, 'x', { resource: record1 }],
    };
    assert.deepEqual(await decisions(body), [true, false, false, false, true]);
    const { body: said } = await pep.ask('evaluations', body);
    assert.equal('decision' in said, false);
  });

  test('3.4.2 and 3.4.3 without items it is one question', async () => {
    for (const body of [fixture, { ...fixture, evaluations: [] }])
      assert.deepEqual((await pep.ask('evaluations', body)).body, { decision: true });
    assert.equal(await statusOf('evaluations', { subject: alice, action: read, evaluations: [] }), 400);
  });

  test('the three semantics: all; until a no; until a yes', async () => {
    const items = [{ action: read }, { action: write }, { action: read }];
    const under = (semantic?: string) =>
      decisions({
        subject: bob,
        resource: record1,
        evaluations: items,
        ...(semantic === undefined ? {} : { options: { evaluations_semantic: semantic } }),
      });
    assert.deepEqual(await under(), [true, false, true]);
    assert.deepEqual(await under('execute_all'), [true, false, true]);
    assert.deepEqual(await under('deny_on_first_deny'), [true, false]);
    assert.deepEqual(await under('permit_on_first_permit'), [true]);
    assert.equal(
      await statusOf('evaluations', { ...fixture, evaluations: [{}], options: { evaluations_semantic: 'guess' } }),
      400,
    );
    assert.equal(await statusOf('evaluations', { ...fixture, evaluations: {} }), 400);
    assert.equal(await statusOf('evaluations', { ...fixture, subject: 'alice', evaluations: [{}] }), 400);
  });
});

describe('4 Search', () => {
  test('4.2 to 4.4 subjects, resources and actions', async () => {
    const subjects = { subject: { type: 'user' }, action: read, resource: record1 };
    assert.deepEqual(await found('subject', subjects), ['alice', 'bob']);
    assert.deepEqual(await found('subject', { ...subjects, context: { ip: '10.0.0.1' } }), ['alice', 'bob']);
    assert.deepEqual(await found('subject', { ...subjects, subject: { type: 'user', id: 'bob' } }), ['alice', 'bob']);
    assert.deepEqual(await found('subject', { subject: { type: 'user' }, action: write, resource: archived }), ['bob']);
    const resources = { subject: alice, action: read, resource: { type: 'record' } };
    assert.deepEqual(await found('resource', resources), ['record-1', 'record-2']);
    assert.deepEqual(await found('resource', { ...resources, resource: { type: 'record', id: 'record-2' } }), [
      'record-1',
      'record-2',
    ]);
    assert.deepEqual(await found('resource', { subject: admin, action: write, resource: { type: 'record' } }), ['record-2']);
    assert.deepEqual(await found('action', { subject: alice, resource: record1 }), ['read', 'write']);
    assert.deepEqual(await found('action', { subject: alice, resource: record1, context: { x: 1 } }), ['read', 'write']);
    assert.deepEqual(await found('action', { subject: admin, resource: archived }), ['read', 'write']);
  });

  test('4.5 pages: the token leads on, and an empty one says that this was all', async () => {
    const body = { subject: { type: 'user' }, action: read, resource: record1 };
    const first = (await pep.ask('search/subject', { ...body, page: { limit: 1 } })).body;
    const { next_token: token, count } = first['page'] as { next_token: string; count: number };
    assert.deepEqual([first['results'], count, token === ''], [[alice], 1, false]);
    const second = (await pep.ask('search/subject', { ...body, page: { token } })).body;
    assert.deepEqual([second['results'], second['page']], [[bob], { next_token: '', count: 1 }]);
    for (const page of [{ limit: 0 }, { limit: 1.5 }, { limit: 'one' }, { token: 7 }, []])
      assert.equal(await statusOf('search/subject', { ...body, page }), 400);
  });

  test('4.6 what is not known is not found', async () => {
    assert.deepEqual(await found('action', { subject: { type: 'user', id: 'nonexistent-user' }, resource: record1 }), []);
    assert.deepEqual(await found('subject', { subject: { type: 'spaceship' }, action: read, resource: record1 }), []);
    assert.equal(await pep.evaluate({ ...fixture, subject: { type: 'user', id: 'nonexistent-user' } }), false);
  });

  test('4.7 what a search needs and does not have is 400', async () => {
    assert.equal(await statusOf('search/subject', { subject: { type: 'user' }, resource: record1 }), 400);
    assert.equal(await statusOf('search/resource', { action: read, resource: { type: 'record' } }), 400);
    assert.equal(await statusOf('search/action', { subject: alice }), 400);
    assert.equal(
      await statusOf('search/subject', { subject: { type: 'user' }, action: read, resource: { type: 'record' } }),
      400,
    );
    assert.equal(
      await statusOf('search/resource', { subject: { type: 'user' }, action: read, resource: { type: 'record' } }),
      400,
    );
  });
});

test('6 the metadata names every endpoint under the address it was read from, and is signed', async () => {
  const { issuer } = rig.running;
  const response = await fetch(`${issuer}/.well-known/authzen-configuration`);
  assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'application/json']);
  const metadata = (await response.json()) as Record<string, string>;
  assert.equal(metadata['policy_decision_point'], issuer);
  for (const [name, value] of Object.entries(metadata))
    if (name.endsWith('_endpoint') || name === 'jwks_uri') assert.ok(value.startsWith(`${issuer}/`), name);
  const keys = createRemoteJWKSet(new URL(metadata['jwks_uri'] ?? ''));
  const { payload } = await jwtVerify(metadata['signed_metadata'] ?? '', keys, { issuer });
  assert.equal(payload['access_evaluation_endpoint'], metadata['access_evaluation_endpoint']);
});
