import assert from 'node:assert/strict';
import { ExactNumber } from '@surety/contract/exact-json';
import fc from 'fast-check';
import { test } from 'vitest';
import { decodeHeaderValue, encodeHeaderValue, mirrors } from './header-value.ts';

test.for([
  ['as it stands', ' refund ', 'refund'],
  ['base64', '=?base64?SGVsbG8=?=', 'Hello'],
  ['no prefix', 'SGVsbG8=', 'SGVsbG8='],
  ['no suffix', '=?base64?SGVsbG8=', '=?base64?SGVsbG8='],
  ['prefix and suffix that overlap', '=?base64?=', '=?base64?='],
  ['wrong padding', '=?base64?SGVsbG8?=', undefined],
  ['characters that are not base64', '=?base64?SGVs!!!bG8=?=', undefined],
  ['bytes that are not UTF-8', '=?base64?/w==?=', undefined],
] as const)('%s', ([, header, text]) => {
  assert.equal(decodeHeaderValue(header), text);
});

test('any text is carried by a header that HTTP can carry, and read back', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
      (text) => {
        const header = encodeHeaderValue(text);
        assert.match(header, /^[\x20-\x7e]*$/);
        assert.equal(decodeHeaderValue(header), text);
      },
    ),
  );
});

test('numbers are compared by value, everything else as text', () => {
  const number = (text: string): ExactNumber => ExactNumber.from(text)!;
  assert.ok(mirrors('42.0', number('42')));
  assert.ok(mirrors('9007199254740993', number('9007199254740993')));
  assert.ok(!mirrors('9007199254740992', number('9007199254740993')));
  assert.ok(!mirrors('42', '42.0'));
  assert.ok(mirrors('true', true));
  assert.ok(!mirrors('x', number('1')));
});
