import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { classifyEffect } from './classify-effect.ts';
import { classifyFlow } from './classify-flow.ts';
import { classifyFields, classifyLabels, classifySystem } from './classify-labels.ts';

const of = (name: string, description?: string) => classifyLabels({ name, description, effect: classifyEffect(name) });

test('what comes from outside the organisation counts as written by outsiders', () => {
  assert.deepEqual(classifySystem({ kind: 'mcp-http', url: 'https://x.example/mcp' }), ['untrusted']);
  assert.deepEqual(classifySystem({ kind: 'mcp-stdio', command: 'x', args: [] }), ['untrusted']);
  assert.deepEqual(classifySystem({ kind: 'mcp-http', url: 'http://10.0.0.1/mcp', inside: true }), []);
});

test.for([
  'get_email',
  'searchEmails',
  'read-inbox',
  'list_messages',
  'read_file',
  'fetch_url',
  'get_webpage',
  'list_reviews',
  'get_issue_comments',
  'read_channel_messages',
  'search_calendar_events',
  'get_most_recent_transactions',
  'append_to_file',
  'read_ticket',
])('%s reads what outsiders write', (name) => {
  assert.ok(of(name).includes('untrusted'), of(name).join());
});

test.for([
  'get_user_details',
  'get_balance',
  'search_contacts_by_email',
  'list_orders',
  'send_email',
  'create_ticket',
  'delete_file',
  'get_weather',
  'calculate',
  'get_flight_status',
  'book_reservation',
  'query',
])('%s does not', (name) => {
  assert.ok(!of(name).includes('untrusted'), of(name).join());
});

test('what a server says of an operation counts by its first sentence', () => {
  assert.ok(of('lookup', 'Returns the messages of a thread.').includes('untrusted'));
  assert.ok(!of('lookup', 'Returns a number. Never returns messages.').includes('untrusted'));
});

test('what a result is about is told by names of the operation and of its fields', () => {
  assert.deepEqual(of('get_customer'), ['customer']);
  assert.ok(of('read_secrets').includes('secret'));
  const outputSchema = {
    type: 'object',
    properties: { rows: { type: 'array', items: { properties: { iban: {}, salary: {} } } }, token: {}, nextPageToken: {} },
  };
  assert.deepEqual(classifyFields(outputSchema), {
    '/rows/*/iban': ['financial'],
    '/rows/*/salary': ['pii', 'financial'],
    '/token': ['secret'],
  });
  const { labels } = classifyFlow({ name: 'list', inputSchema: {}, outputSchema }, 'read');
  assert.deepEqual(labels.toSorted(), ['financial', 'pii', 'secret']);
});

test('arguments that say where something goes are found in the schema, in objects and lists too', () => {
  const inputSchema = {
    type: 'object',
    properties: { to: { type: 'string' }, subject: {}, options: { properties: { callback_url: {} } }, 'a/b~c_url': {}, body: {} },
  };
  const { guards, by } = classifyFlow({ name: 'send_mail', inputSchema }, 'external');
  const pointers = guards.filter(({ of: what }) => what === 'destination').map(({ pointer }) => pointer);
  assert.ok(
    pointers.includes('/to') && pointers.includes('/options/callback_url') && pointers.includes('/a~1b~0c_url'),
    pointers.join(),
  );
  assert.ok(!pointers.includes('/subject') && !pointers.includes('/body'));
  assert.equal(by, 'heuristic');
});

test('any name, description and schema is read without breaking', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.jsonValue(), (name, description, schema) => {
      const read = classifyFlow({ name, description, inputSchema: schema, outputSchema: schema }, 'unknown');
      assert.ok(read.guards.length <= 100 && Object.keys(read.fields).length <= 100);
    }),
  );
  let deep: object = {};
  for (let at = 0; at < 2_000; at++) deep = { properties: { a: deep, b: deep } };
  assert.ok(classifyFlow({ name: 'x', inputSchema: deep, outputSchema: deep }, 'read').guards.length <= 100);
});
