import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { test } from 'vitest';
import { decodeBase64url, encodeBase64url } from './base64url.ts';

test('what is encoded is decoded again, and has no other spelling', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.string({ maxLength: 3 }), fc.nat(), (bytes, noise, seed) => {
      const text = encodeBase64url(bytes);
      assert.deepEqual(decodeBase64url(text), Buffer.from(bytes));
      const at = text.length === 0 ? 0 : seed % text.length;
      const other = text.slice(0, at) + noise + text.slice(at + 1);
      const decoded = decodeBase64url(other);
      if (decoded !== undefined && other !== text) assert.notDeepEqual(decoded, Buffer.from(bytes));
    }),
  );
});

test.each(['YQ==', 'YQ=', 'YR', 'YWJ', 'Y', 'YQ\n', ' YQ', 'Y+', 'Y/', 'YQ.', 'Ａ'.repeat(4), 'YQ\u0000'])(
  '%j is refused',
  (text) => {
    assert.equal(decodeBase64url(text), undefined);
  },
);

test('nothing is the spelling of nothing', () => {
  assert.deepEqual(decodeBase64url(''), Buffer.alloc(0));
});
