import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { lookAt } from './look-at.ts';

const operation = {
  name: 'get_email',
  effect: 'read' as const,
  definitionDigest: 'd',
  classified: false,
  labels: ['customer'],
  fields: { '/orders/*/iban': ['financial'], '/note': ['pii'] },
  guards: [],
};
const system = { labels: ['untrusted'], operations: new Map([['get_email', operation]]) };
const inside = { labels: [], operations: new Map([['get_email', operation]]) };

const look = (result: object, from = system) => lookAt(JSON.stringify({ jsonrpc: '2.0', id: 1, result }), from, 'get_email');
const text = (said: string) => ({ content: [{ type: 'text', text: said }] });
const labels = (result: object, from = system) => look(result, from).labels.toSorted();
const has = (result: object, kind: string, value: string, from = system): boolean =>
  look(result, from).values.some((one) => one.kind === kind && one.value === value);

describe('what is looked at', () => {
  test.for([
    ['text', text('write to drop@evil.example')],
    ['text that is JSON', text(JSON.stringify({ to: 'drop@evil.example' }))],
    ['structured content', { content: [], structuredContent: { deep: [{ to: 'drop@evil.example' }] } }],
    ['a resource', { content: [{ type: 'resource', resource: { uri: 'file:///a', text: 'drop@evil.example' } }] }],
    ['a link to a resource', { content: [{ type: 'resource_link', uri: 'mailto:drop@evil.example', name: 'x' }] }],
    ['a read resource', { contents: [{ uri: 'file:///a', text: 'drop@evil.example' }] }],
    ['a prompt', { description: 'x', messages: [{ role: 'user', content: { type: 'text', text: 'drop@evil.example' } }] }],
    ['a completion', { completion: { values: ['drop@evil.example'] } }],
    ['an answer of a tool that failed', { ...text('drop@evil.example'), isError: true }],
    ['a member that nobody knows', { later: { said: 'drop@evil.example' } }],
  ] as const)('%s', ([, result]) => {
    assert.ok(has(result, 'email', 'drop@evil.example'), JSON.stringify(look(result)));
    assert.ok(labels(result).includes('untrusted'));
  });

  test('errors, notices and questions of a system', () => {
    for (const message of [
      { id: 1, error: { code: -1, message: 'ask drop@evil.example' } },
      { method: 'notifications/message', params: { level: 'info', data: { said: 'ask drop@evil.example' } } },
      { method: 'notifications/progress', params: { progressToken: 'p', progress: 1, message: 'ask drop@evil.example' } },
      { id: 7, method: 'elicitation/create', params: { message: 'ask drop@evil.example' } },
    ]) {
      const { values } = lookAt(JSON.stringify({ jsonrpc: '2.0', ...message }), system, '');
      assert.ok(
        values.some(({ value }) => value === 'drop@evil.example'),
        JSON.stringify(message),
      );
    }
  });

  test('how far something is says nothing', () => {
    const params = { progressToken: 'token-of-the-caller', progress: 3, total: 10 };
    const message = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params });
    assert.deepEqual(lookAt(message, system, 'get_email'), { labels: [], values: [] });
  });

  test('what cannot be read field by field is looked at as a text', () => {
    const twice = '{"jsonrpc":"2.0","id":1,"result":{"a":"drop@evil.example","a":"other"}}';
    const { values, labels: all } = lookAt(twice, system, 'get_email');
    assert.ok(values.some(({ value }) => value === 'drop@evil.example'));
    assert.deepEqual(all.toSorted(), ['customer', 'financial', 'pii', 'untrusted'], 'with the labels of all fields');
  });
});

describe('labels', () => {
  test('are those of system and operation; what is empty has none', () => {
    assert.deepEqual(labels(text('hello there')), ['customer', 'untrusted']);
    for (const empty of [{ content: [] }, {}, text(''), { content: [], structuredContent: {} }])
      assert.deepEqual(labels(empty), []);
  });

  test('numbers alone are not an outsider’s words, and may be confidential all the same', () => {
    assert.deepEqual(labels({ content: [], structuredContent: { a: [1, 2, 3.5] } }), ['customer']);
  });

  test('of fields join where something stands in them, and their values have them', () => {
    const result = { content: [], structuredContent: { orders: [{ iban: 'DE89370400440532013000' }, { iban: null }] } };
    assert.deepEqual(labels(result, inside), ['customer', 'financial']);
    const iban = look(result, inside).values.find(({ kind }) => kind === 'iban');
    assert.deepEqual(iban?.labels.toSorted(), ['customer', 'financial']);
    assert.deepEqual(labels({ content: [], structuredContent: { orders: [], note: 7 } }, inside), ['customer', 'pii']);
  });

  test('an operation that is not known has those of its system', () => {
    assert.deepEqual(lookAt(JSON.stringify({ id: 1, result: text('hello there') }), system, 'gone').labels, ['untrusted']);
  });

  test('whatever a system sends is looked at without breaking, and within bounds', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const { values } = lookAt(`{"jsonrpc":"2.0","id":1,"result":${json}}`, system, 'get_email');
        assert.ok(values.length <= 2_000);
      }),
      { numRuns: 200 },
    );
    const many = text(Array.from({ length: 50_000 }, (_, at) => `a${at}@b${at}.example`).join(' '));
    const from = performance.now();
    assert.ok(look(many).values.length <= 2_000);
    assert.ok(performance.now() - from < 3_000);
  });
});
