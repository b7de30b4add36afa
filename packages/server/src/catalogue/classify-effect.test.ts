import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { classifyEffect } from './classify-effect.ts';

const cases: readonly (readonly [string, string, Parameters<typeof classifyEffect>[1]?])[] = [
  ['get_invoice', 'read'],
  ['listOrders', 'read'],
  ['read_text_file', 'read'],
  ['search-messages', 'read'],
  ['file_read', 'read'],
  ['directory_tree', 'read', { readOnlyHint: true }],
  ['directory_tree', 'unknown'],
  ['refund_payment', 'money'],
  ['createRefund', 'money'],
  ['charge', 'money'],
  ['delete_customer', 'destructive'],
  ['move_file', 'destructive'],
  ['run_sql', 'destructive'],
  ['send_email', 'external'],
  ['post_status', 'external'],
  ['fetch', 'external'],
  ['write_file', 'destructive', { destructiveHint: true }],
  ['create_directory', 'write', { destructiveHint: false }],
  ['update_customer', 'write'],
  ['query', 'unknown'],
  ['query', 'read', { readOnlyHint: true }],
  ['frobnicate', 'unknown'],
  ['', 'unknown'],
  ['délète', 'unknown'],
];

test.for(cases)('%s is taken to be %s', ([name, effect, hints]) => {
  assert.equal(classifyEffect(name, hints), effect);
});

test('a server that says it only reads is not believed against its own name', () => {
  const hints = { readOnlyHint: true, destructiveHint: false };
  for (const name of [
    'delete_all',
    'get_and_delete',
    'refund',
    'send_email',
    'search_replace',
    'toggle_lights',
    'find_or_create',
    'trigger_build',
  ]) {
    assert.notEqual(classifyEffect(name, hints), 'read', name);
  }
});

test('a server that admits more than the name says is believed', () => {
  assert.equal(classifyEffect('get_report', { readOnlyHint: false }), 'unknown');
  assert.equal(classifyEffect('get_report', { destructiveHint: true }), 'unknown');
  assert.equal(classifyEffect('search_web', { readOnlyHint: true, openWorldHint: true }), 'external');
});

test('no hint ever turns into a read what is no read without hints and names an act', () => {
  const hint = fc.option(fc.boolean(), { nil: undefined });
  const act = fc.constantFrom('delete', 'send', 'pay', 'update', 'exec', 'refund', 'post');
  fc.assert(
    fc.property(
      act,
      fc.stringMatching(/^[a-z]{0,8}$/),
      fc.record({ readOnlyHint: hint, destructiveHint: hint, openWorldHint: hint }),
      (verb, thing, hints) => {
        assert.notEqual(classifyEffect(`${verb}_${thing}`, hints), 'read');
      },
    ),
  );
});
