import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { test } from 'vitest';
import { createSealer, sealedDigest } from './seal.ts';

const key = randomBytes(32);
const sealer = createSealer(key);

test('what is sealed for a place opens there, byte for byte, and never twice alike', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.string(), (plain, place) => {
      const sealed = sealer.seal(place, plain);
      assert.deepEqual(sealer.open(place, sealed), Buffer.from(plain));
      assert.notDeepEqual(sealer.seal(place, plain), sealed);
      assert.equal(sealed.length, plain.length + 29);
    }),
  );
});

test('moved to another row, column or version it does not open', () => {
  const sealed = sealer.seal('signing_key|a|token', 'secret-value-1');
  for (const place of ['signing_key|b|token', 'signing_key|a|log', 'house_secret|a|1', 'signing_key|a|token ', '']) {
    assert.throws(
      () => sealer.open(place, sealed),
      (thrown: Error) => !thrown.message.includes('secret-value-1'),
    );
  }
});

test('no byte can be changed, added or left out', () => {
  const sealed = sealer.seal('place', 'secret');
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.throws(() => sealer.open('place', changed));
    assert.throws(() => sealer.open('place', sealed.subarray(0, at)));
  }
  assert.throws(() => sealer.open('place', Buffer.concat([sealed, Buffer.alloc(1)])));
  assert.throws(() => sealer.open('place', Buffer.alloc(0)));
});

test('another key does not open it: a backup without the key is unreadable', () => {
  const sealed = sealer.seal('place', 'secret');
  assert.throws(() => createSealer(randomBytes(32)).open('place', sealed));
  assert.throws(() => createSealer(randomBytes(16)));
});

test('a view into a larger buffer is sealed and opened as what it shows', () => {
  const sealed = sealer.seal('place', Buffer.from('0123456789').subarray(3, 6));
  const inside = Buffer.concat([Buffer.alloc(7), sealed, Buffer.alloc(7)]).subarray(7, 7 + sealed.length);
  assert.equal(sealer.open('place', inside).toString(), '345');
  assert.equal(sealedDigest(inside), sealedDigest(sealed));
});
