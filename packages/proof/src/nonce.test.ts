import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { test } from 'vitest';
import { createNonceSource } from './nonce.ts';

const now = 1_800_000_000_000;
const secret = Buffer.alloc(32, 1);

test('a nonce is good for at least one bucket and less than two, on every node with the secret', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 600_000 }), fc.integer({ min: 0, max: 1_000_000 }), (start, later) => {
      const accepted = createNonceSource(secret).accepts(createNonceSource(secret).issue(now + start), now + start + later);
      if (later <= 300_000) assert.equal(accepted, true);
      if (later >= 600_000) assert.equal(accepted, false);
    }),
  );
});

test('a node whose clock is a minute ahead is understood, two hours ahead it is not', () => {
  const source = createNonceSource(secret);
  assert.equal(source.accepts(source.issue(now + 60_000), now), true);
  assert.equal(source.accepts(source.issue(now + 7_200_000), now), false);
});

test.each(['', 'a', 'n'.repeat(32), 'ä'.repeat(16), '\u0000'.repeat(32), 'n'.repeat(1_000_000)])(
  '%.20j was not issued',
  (nonce) => {
    assert.equal(createNonceSource(secret).accepts(nonce, now), false);
  },
);

test('another secret or another bucket makes another nonce', () => {
  const nonce = createNonceSource(secret).issue(now);
  assert.equal(createNonceSource(Buffer.alloc(32, 2)).accepts(nonce, now), false);
  assert.equal(createNonceSource(secret, 60).accepts(nonce, now), false);
  assert.match(nonce, /^[\w-]{32}$/);
});

test('a secret of another length is refused', () => {
  assert.throws(() => createNonceSource(Buffer.alloc(31)), RangeError);
});
