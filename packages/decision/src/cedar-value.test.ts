import assert from 'node:assert/strict';
import type { ExactValue } from '@surety/contract/exact-json';
import { test } from 'vitest';
import { args } from '../test/a-call.ts';
import { CedarEntityRef, CedarExtension, toCedarArguments, toCedarValue, unheldType } from './cedar-value.ts';

const value = (text: string): ExactValue => args(`{"value":${text}}`)['value'] ?? null;
const decimal = (text: string) => CedarExtension.decimal(text);
const unheld = (id: string) => new CedarEntityRef({ type: unheldType, id });

const cases: readonly [string, unknown][] = [
  ['"5"', '5'],
  ['true', true],
  ['0', 0n],
  ['-0', 0n],
  ['1.0', 1n],
  ['1e3', 1000n],
  ['9007199254740993', 9007199254740993n],
  ['9223372036854775807', 9223372036854775807n],
  ['-9223372036854775808', -9223372036854775808n],
  ['0.5', decimal('0.5')],
  ['-12.3456', decimal('-12.3456')],
  ['25e-1', decimal('2.5')],
  ['null', unheld('null')],
  ['9223372036854775808', unheld('9223372036854775808')],
  ['0.12345', unheld('0.12345')],
  ['1e40', unheld(`1${'0'.repeat(40)}`)],
  ['[1,"a",[2.5],null]', [1n, 'a', [decimal('2.5')], unheld('null')]],
  ['{"__entity":{"type":"Human","id":"x"}}', unheld('{"__entity":{"id":"x","type":"Human"}}')],
  ['{"__extn":{"fn":"decimal","arg":"1.0"},"a":1}', unheld('{"__extn":{"arg":"1.0","fn":"decimal"},"a":1}')],
  ['{"__expr":"1"}', unheld('{"__expr":"1"}')],
];

for (const [text, expected] of cases)
  test(`${text} is never another value`, () => assert.deepEqual(toCedarValue(value(text)), expected));

test('a record keeps every plain key', () => {
  const converted = toCedarValue(value('{"__proto__":1,"constructor":{"x":null}}')) as Record<string, unknown>;
  assert.deepEqual(
    Object.entries(converted).map(([key]) => key),
    ['__proto__', 'constructor'],
  );
  assert.equal(converted['__proto__'], 1n);
});

test('only the arguments that are asked for are converted', () => {
  const given = args('{"a":1,"b":{"c":2},"__extn":3}');
  assert.deepEqual({ ...(toCedarArguments(given, ['a', 'missing', 'toString']) as object) }, { a: 1n });
  assert.ok(toCedarArguments(given, 'all') instanceof CedarEntityRef);
  assert.ok(toCedarArguments(given, ['__extn']) instanceof CedarEntityRef);
});

test('what is too much to look at is held by nothing, and what fits beside it is', () => {
  const list = (count: number) => JSON.stringify(Array.from({ length: count }, (_, at) => at));
  const converted = toCedarArguments(
    args(`{"a":${list(300)},"b":${list(300)},"c":1,"d":{"x":${list(100)}},"e":${list(100)}}`),
    'all',
  ) as Record<string, unknown>;
  assert.deepEqual(
    Object.entries(converted).map(([key, one]) => [key, one instanceof CedarEntityRef]),
    [
      ['a', false],
      ['b', true],
      ['c', false],
      ['d', false],
      ['e', true],
    ],
  );
  const many = args(`{${Array.from({ length: 501 }, (_, at) => `"k${at}":0`).join(',')}}`);
  assert.ok(toCedarArguments(many, 'all') instanceof CedarEntityRef);
  assert.deepEqual({ ...(toCedarArguments(many, ['k7']) as object) }, { k7: 0n });
});
