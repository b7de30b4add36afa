import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { test } from 'vitest';
import { BoundedCache } from './bounded-cache.ts';

test('it never holds more than it may, never lies, and forgets what was deleted', () => {
  const step = fc.record({
    what: fc.constantFrom('get', 'set', 'delete'),
    key: fc.nat({ max: 12 }).map(String),
    value: fc.nat(),
  });
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 8 }), fc.array(step, { maxLength: 200 }), (max, steps) => {
      const cache = new BoundedCache<number>(max);
      const truth = new Map<string, number>();
      for (const { what, key, value } of steps) {
        if (what === 'set') {
          cache.set(key, value);
          truth.set(key, value);
          assert.equal(cache.get(key), value);
        } else if (what === 'delete') {
          cache.delete(key);
          truth.delete(key);
          assert.equal(cache.get(key), undefined);
        } else {
          const found = cache.get(key);
          if (found !== undefined) assert.equal(found, truth.get(key));
        }
        assert.ok(cache.size <= max, `${cache.size} of ${max}`);
      }
    }),
  );
});

test('what is in use stays, whatever else passes by', () => {
  const cache = new BoundedCache<number>(10);
  cache.set('hot', 1);
  for (let n = 0; n < 1_000; n++) {
    cache.set(`cold-${n}`, n);
    if (n % 2 === 0) assert.equal(cache.get('hot'), 1);
  }
  assert.equal(cache.get('cold-1'), undefined);
});
