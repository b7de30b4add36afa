import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { test } from 'vitest';
import { args } from '../test/a-call.ts';
import { type CallSubstance, digestCall } from './call-digest.ts';

const call = (changes: Partial<CallSubstance> = {}): CallSubstance => ({
  agent: 'agt_1',
  system: 'payments',
  operation: 'refund',
  arguments: args({ amount: 5 }),
  ...changes,
});

test('is SHA-256 over this text, base64url', () => {
  const text = '{"agent":"agt_1","arguments":{"amount":5},"operation":"refund","system":"payments"}';
  assert.equal(digestCall(call()), createHash('sha256').update(text).digest('base64url'));
  assert.equal(digestCall(call()), 'VU0pxqpoGeoKSzCfF8jcIMt0c4ymArXosfYSSOwM8A4');
});

test('is the same however the same value was written', () => {
  for (const text of ['{"amount":5}', '{ "amount" : 5.0 }', '{"amount":0.5e1}'])
    assert.equal(digestCall(call({ arguments: args(text) })), digestCall(call()));
  assert.equal(digestCall(call({ arguments: args('{"a":1,"b":2}') })), digestCall(call({ arguments: args('{"b":2,"a":1}') })));
});

test('differs where any part differs, wherever the border between parts is moved (PD-10)', () => {
  const calls = [
    call(),
    call({ agent: 'agt_1p', system: 'ayments' }),
    call({ system: 'payment', operation: 'srefund' }),
    call({ system: 'payments.refund', operation: '' }),
    call({ operation: 'refund"' }),
    call({ agent: 'agt_2' }),
    call({ arguments: args({ amount: '5' }) }),
    call({ arguments: args({ amount: [5] }) }),
    call({ arguments: args({ amount: null }) }),
    call({ arguments: args({}) }),
    call({ arguments: args({ amount: 5, x: null }) }),
    call({ arguments: args({ 'amount":5,"x': null }) }),
    call({ arguments: args('{"amount":9007199254740993}') }),
    call({ arguments: args('{"amount":9007199254740992}') }),
    call({ arguments: args({ a: ['x,y'] }) }),
    call({ arguments: args({ a: ['x', 'y'] }) }),
    call({ arguments: args({ a: [['x'], 'y'] }) }),
    call({ arguments: args({ a: '' }) }),
    call({ arguments: args({ a: [] }) }),
    call({ arguments: args({ a: {} }) }),
  ];
  assert.equal(new Set(calls.map(digestCall)).size, calls.length);
});

test('two calls share a digest only when they are the same', () => {
  const part = fc.string({ unit: fc.constantFrom(...'ab|:#",{}'), maxLength: 3 });
  const one = fc.record({
    agent: part,
    system: part,
    operation: part,
    arguments: fc.dictionary(part, part, { maxKeys: 2 }).map((value) => args(value)),
  });
  const seen = new Map<string, string>();
  fc.assert(
    fc.property(one, (substance) => {
      const whole = JSON.stringify([
        substance.agent,
        substance.system,
        substance.operation,
        Object.keys(substance.arguments)
          .toSorted()
          .map((key) => [key, substance.arguments[key]]),
      ]);
      const digest = digestCall(substance);
      assert.equal(seen.get(digest) ?? whole, whole);
      seen.set(digest, whole);
    }),
    { numRuns: 3000 },
  );
});
