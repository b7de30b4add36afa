import assert from 'node:assert/strict';
import { type ExactRecord, fromPlain, writeExactJson } from '@surety/contract/exact-json';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { mapMessage } from './map-message.ts';
import type { McpMessage } from './mcp-message.ts';

const exact = (value: object): ExactRecord => fromPlain(value) as ExactRecord;

const server = 'https://mcp.example.com';
const token = { sub: 'alice@example.com', client_id: 'https://agents.example/app', iss: 'https://auth.example', aud: server };

type Given = { readonly method?: string; readonly params?: object; readonly token?: object; readonly mapping?: unknown };

function mapped({ method = 'tools/call', params = {}, token: claims = token, mapping }: Given, more: Partial<McpMessage> = {}) {
  const inputSchema = mapping === undefined ? undefined : exact({ type: 'object', 'x-authzen-mapping': mapping });
  const result = mapMessage({ method, params: exact(params), token: exact(claims), server, inputSchema, ...more });
  return 'request' in result ? { kind: result.kind, request: JSON.parse(writeExactJson(result.request)) as unknown } : result;
}

const call = { name: 'get_customer', arguments: { id: 'cust-12345', case: 'case-67890' } };
const customer = {
  evaluation: {
    subject: { type: 'identity', id: '$token.sub' },
    action: { name: 'get_customer' },
    resource: { type: 'customer', id: '$params.arguments.id' },
    context: { agent: '$token.?client_id', case: '$params.arguments.case' },
  },
};

test('the mapping that a server declares for a tool makes the question', () => {
  assert.deepEqual(mapped({ params: call, mapping: customer }), {
    kind: 'evaluation',
    request: {
      subject: { type: 'identity', id: 'alice@example.com' },
      action: { name: 'get_customer' },
      resource: { type: 'customer', id: 'cust-12345' },
      context: { agent: 'https://agents.example/app', case: 'case-67890' },
    },
  });
});

test('several questions for one call, under one subject', () => {
  const mapping = {
    evaluations: {
      context: { agent: '$token.?client_id' },
      evaluations: [
        { action: { name: 'read' }, resource: { type: 'object', id: '$params.arguments.source' } },
        { action: { name: 'write' }, resource: { type: 'object', id: '$params.arguments["to-where"]' } },
      ],
    },
  };
  const params = { name: 'copy', arguments: { source: '/a', 'to-where': '/b' } };
  assert.deepEqual(mapped({ params, mapping }), {
    kind: 'evaluations',
    request: {
      subject: { type: 'identity', id: 'alice@example.com' },
      context: { agent: 'https://agents.example/app' },
      evaluations: [
        { action: { name: 'read' }, resource: { type: 'object', id: '/a' } },
        { action: { name: 'write' }, resource: { type: 'object', id: '/b' } },
      ],
    },
  });
});

describe('expressions', () => {
  const context = (value: unknown, given: Given = { params: call }) => {
    const result = mapped({ ...given, mapping: { evaluation: { ...customer.evaluation, context: { value } } } });
    return 'request' in result ? (result.request as { context: object }).context : result.kind;
  };

  test('a literal stands for itself, $$ for a dollar, and what may be left out is left out', () => {
    assert.deepEqual(context('customer'), { value: 'customer' });
    assert.deepEqual(context('$$50'), { value: '$50' });
    assert.deepEqual(context(10), { value: 10 });
    assert.deepEqual(context([true, '$params.name', { a: '$params.arguments' }]), {
      value: [true, 'get_customer', { a: call.arguments }],
    });
    assert.deepEqual(context('$params.?nothing.more'), {});
    assert.deepEqual(context('$params[\'arguments\']["id"]'), { value: 'cust-12345' });
    assert.deepEqual(context('$params.list[1]', { params: { ...call, list: ['a', 'b'] } }), { value: 'b' });
  });

  test.for([
    '$params.nothing',
    '$params.arguments.id.more',
    '$token.constructor',
    '$params.__proto__',
    '$params.arguments.id == "x"',
    "$params.arguments.amount > 10000 ? 'high' : 'standard'",
    '$size(params)',
    '$request.id',
    '$paramsx.name',
    '$params.',
    '$params..name',
    '$params[name]',
    '$params.list[9999999]',
    '$',
  ])('%s is a mapping error', (expression) => {
    assert.equal(context(expression), 'error');
  });

  test('any text at all is a value or an error, never anything else', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const result = mapped({ params: call, mapping: { evaluation: { ...customer.evaluation, context: { value: text } } } });
        assert.ok(result.kind === 'evaluation' || result.kind === 'error');
        if (!text.startsWith('$')) assert.equal(result.kind, 'evaluation');
      }),
    );
  });
});

describe('whose request it is comes from the token', () => {
  const withSubject = (subject: unknown) =>
    mapped({ params: call, mapping: { evaluation: { ...customer.evaluation, subject } } });

  test('another subject is an error, wherever a mapping takes it from', () => {
    for (const id of ['bob@example.com', '$params.arguments.id', '$token.client_id', 7, null])
      assert.equal(withSubject({ type: 'identity', id }).kind, 'error');
    assert.equal(withSubject('alice@example.com').kind, 'error');
    assert.equal(withSubject({ type: 7, id: '$token.sub' }).kind, 'error');
  });

  test('without one it is put in; what else a mapping says of it is kept', () => {
    const subjectOf = (result: object) => (result as { request: { subject: object } }).request.subject;
    assert.deepEqual(subjectOf(withSubject(undefined)), { type: 'identity', id: 'alice@example.com' });
    const more = { type: 'user', properties: { plan: '$params.arguments.case' } };
    assert.deepEqual(subjectOf(withSubject(more)), { type: 'user', id: 'alice@example.com', properties: { plan: 'case-67890' } });
  });

  test('a subject in an item, and a token that names nobody, are errors', () => {
    const item = { subject: { type: 'identity', id: '$token.sub' }, action: { name: 'a' }, resource: { type: 't', id: 'i' } };
    assert.equal(mapped({ params: call, mapping: { evaluations: { evaluations: [item] } } }).kind, 'error');
    assert.equal(mapped({ params: call, mapping: customer, token: { aud: server } }).kind, 'error');
  });

  test('the claim may be another one', () => {
    const claims = { ...token, sub: 'agt_1', on_behalf_of: 'alice@example.com' };
    const result = mapped({ method: 'tools/list', token: claims }, { subjectClaim: 'on_behalf_of' });
    assert.deepEqual((result as { request: { subject: object } }).request.subject, { type: 'identity', id: 'alice@example.com' });
  });
});

describe('envelopes', () => {
  test.for([
    ['none', {}],
    ['two', { ...customer, evaluations: { evaluations: [] } }],
    ['an unknown one', { search: {} }],
    ['no object', 'evaluation'],
    ['null', null],
    ['an empty list', { evaluations: { evaluations: [] } }],
    [
      'options of its own',
      { evaluations: { evaluations: [customer.evaluation], options: { evaluations_semantic: 'permit_on_first_permit' } } },
    ],
    ['a member beside', { evaluation: { ...customer.evaluation, properties: {} } }],
    ['no resource', { evaluation: { action: { name: 'a' } } }],
    [
      'a resource without an id',
      { evaluation: { ...customer.evaluation, resource: { type: 'customer', id: '$params.?nothing' } } },
    ],
    ['an id that is no text', { evaluation: { ...customer.evaluation, resource: { type: 'customer', id: 7 } } }],
    ['an action without a name', { evaluation: { ...customer.evaluation, action: {} } }],
  ] as const)('%s is a mapping error', ([, mapping]) => {
    assert.equal(mapped({ params: call, mapping }).kind, 'error');
  });
});

describe('defaults', () => {
  test.for([
    ['initialize', { protocolVersion: '2025-11-25' }, 'mcp_server', server],
    ['server/discover', {}, 'mcp_server', server],
    ['tools/list', {}, 'mcp_server', server],
    ['tools/call', { name: 'x' }, 'tool', 'x'],
    ['resources/list', {}, 'mcp_server', server],
    ['resources/read', { uri: 'file:///a' }, 'resource', 'file:///a'],
    ['subscriptions/listen', { uri: 'file:///a' }, 'mcp_server', server],
    ['prompts/get', { name: 'p' }, 'prompt', 'p'],
    ['completion/complete', { ref: { type: 'ref/prompt', name: 'p' } }, 'prompt', 'p'],
    ['completion/complete', { ref: { type: 'ref/resource', uri: 'u' } }, 'resource', 'u'],
    ['logging/setLevel', { level: 'debug' }, 'mcp_server', server],
    ['tasks/get', { taskId: 't' }, 'task', 't'],
    ['tasks/update', { taskId: 't' }, 'task', 't'],
    ['tasks/cancel', { taskId: 't' }, 'task', 't'],
  ] as const)('%s %j asks about %s %s', ([method, params, type, id]) => {
    const result = mapped({ method, params }) as { request: { action: object; resource: object; context: { agent: string } } };
    assert.deepEqual([result.request.action, result.request.resource], [{ name: method }, { type, id }]);
    assert.equal(result.request.context.agent, token.client_id);
  });

  test('a declared mapping is for tools/call of its tool alone', () => {
    const result = mapped({ method: 'prompts/get', params: { name: 'p' }, mapping: customer }) as {
      request: { resource: object };
    };
    assert.deepEqual(result.request.resource, { type: 'prompt', id: 'p' });
  });

  test('ping and notifications pass; a method that nobody has thought of does not', () => {
    assert.equal(mapped({ method: 'ping' }).kind, 'pass');
    assert.equal(mapped({ method: 'notifications/cancelled' }).kind, 'pass');
    for (const method of ['tools/delete', 'toString', '__proto__', 'sampling/createMessage', 'Ping', 'notifications'])
      assert.equal(mapped({ method }).kind, 'unknown', method);
  });

  test('of several audiences the one that is this server counts, once; otherwise it is an error', () => {
    const at = (aud: unknown) => mapped({ method: 'tools/list', token: { ...token, aud } });
    assert.equal(at([server, 'https://other.example']).kind, 'evaluation');
    for (const aud of [['https://other.example'], [server, server], [], 7, undefined]) assert.equal(at(aud).kind, 'error');
  });

  test('with our own name for the server the question is one of the house: system, arguments and task', () => {
    const claims = { ...token, task: 'tsk_1' };
    const result = mapped({ params: call, token: claims }, { system: 'crm' });
    assert.deepEqual(result, {
      kind: 'evaluation',
      request: {
        subject: { type: 'identity', id: 'alice@example.com' },
        action: { name: 'tools/call' },
        resource: { type: 'tool', id: 'crm.get_customer' },
        context: { agent: token.client_id, task: 'tsk_1', arguments: call.arguments },
      },
    });
  });

  test('a name that looks like an expression is a name', () => {
    const result = mapped({ params: { name: '$token.sub' } }, { system: 'crm' }) as { request: { resource: object } };
    assert.deepEqual(result.request.resource, { type: 'tool', id: 'crm.$token.sub' });
  });
});
