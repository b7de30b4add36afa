import assert from 'node:assert/strict';
import { createPrivateKey, sign, verify } from 'node:crypto';
import * as fc from 'fast-check';
import { test } from 'vitest';
import { derFromRaw, rawFromDer } from './ecdsa-signature.ts';
import { exportPrivateKey, generateSigningKey, publicKeyOf } from './jwk.ts';

/** Numbers with many zero bytes in front are where the two forms differ. */
const half = fc.tuple(fc.nat({ max: 31 }), fc.uint8Array({ minLength: 32, maxLength: 32 })).map(([zeros, bytes]) => {
  bytes.fill(0, 0, zeros);
  return bytes;
});

test('both forms are the same numbers, whatever their length', () => {
  fc.assert(
    fc.property(half, half, (r, s) => {
      const raw = Buffer.concat([r, s]);
      const der = derFromRaw(raw);
      if (r.every((byte) => byte === 0) || s.every((byte) => byte === 0)) assert.equal(der, undefined);
      else assert.deepEqual(rawFromDer(der ?? Buffer.alloc(0)), raw);
    }),
    { numRuns: 500 },
  );
});

test('what node signs, in either form, verifies in the other', () => {
  const key = generateSigningKey('ES256');
  const p1363 = {
    key: createPrivateKey({ key: { ...exportPrivateKey(key) }, format: 'jwk' }),
    dsaEncoding: 'ieee-p1363',
  } as const;
  for (let round = 0; round < 200; round++) {
    const message = Buffer.from(`message ${round}`);
    const raw = sign('sha256', message, p1363);
    assert.equal(verify('sha256', message, publicKeyOf(key).key, derFromRaw(raw) ?? Buffer.alloc(0)), true);
    assert.equal(rawFromDer(sign('sha256', message, key.key)).length, 64);
  }
});

test.each(['', '30', '3006020101020101ff', '3006020101030101', '300602010102020101', '3006020101', '310602010102010a'])(
  '%j is not DER',
  (hex) => {
    assert.throws(() => rawFromDer(Buffer.from(hex, 'hex')), RangeError);
  },
);

test('a DER number of more than 32 bytes is refused', () => {
  const long = Buffer.concat([Buffer.from('3026022101', 'hex'), Buffer.alloc(32, 1), Buffer.from('020101', 'hex')]);
  assert.equal(long[1], long.length - 2);
  assert.throws(() => rawFromDer(long), RangeError);
});
