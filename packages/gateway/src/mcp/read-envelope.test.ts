import assert from 'node:assert/strict';
import { test } from 'vitest';
import { readEnvelope } from './read-envelope.ts';

const padding = 'x'.repeat(70_000);

test.for([
  ['an answer', '{"jsonrpc":"2.0","id":1,"result":{}}', { kind: 'answer', id: 1, isError: false, isToolError: false }],
  [
    'an answer that says that the tool failed',
    '{"jsonrpc":"2.0","id":"a","result":{"isError":true}}',
    { kind: 'answer', id: 'a', isError: false, isToolError: true },
  ],
  ['an error', '{"jsonrpc":"2.0","id":null,"error":{"code":1}}', { kind: 'answer', id: null, isError: true, isToolError: false }],
  ['a request', '{"jsonrpc":"2.0","id":1,"method":"m"}', { kind: 'request', method: 'm' }],
  ['a notification', '{"jsonrpc":"2.0","method":"m"}', { kind: 'notification', method: 'm' }],
  [
    'a long answer',
    `{"jsonrpc":"2.0","id":1,"result":{"a":"${padding}\\\\","b":["]]]]","\\"{{{{"]}}`,
    { kind: 'answer', id: 1, isError: false, isToolError: false },
  ],
  ['another protocol', '{"id":1,"result":{}}', undefined],
  ['a batch', '[{"jsonrpc":"2.0","id":1,"result":{}}]', undefined],
  ['a result that is a list', '{"jsonrpc":"2.0","id":1,"result":[]}', undefined],
  ['an id with a fraction', '{"jsonrpc":"2.0","id":1.5,"result":{}}', undefined],
  ['nothing', '', undefined],
  ['levels without end', `{"jsonrpc":"2.0","id":1,"result":{"a":${'['.repeat(5_000_000)}`, undefined],
  ['values without end', `{"jsonrpc":"2.0","id":1,"result":{"a":[${'0,'.repeat(1_500_000)}0]}}`, undefined],
  ['a string without end', `{"jsonrpc":"2.0","id":1,"result":"${padding}`, undefined],
] as const)('%s', ([, text, envelope]) => {
  assert.deepEqual(readEnvelope(text), envelope);
});
