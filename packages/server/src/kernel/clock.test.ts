import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { test } from 'vitest';
import { instant } from './clock.ts';

test('an instant is written as the language writes it, whatever was written before', () => {
  const ms = fc.oneof(
    fc.integer({ min: 0, max: 253_402_300_799_999 }),
    fc.integer({ min: 1_799_999_990_000, max: 1_800_000_010_000 }),
    fc.constantFrom(
      0,
      -0,
      86_399_999,
      86_400_000,
      253_402_300_799_999,
      253_402_300_800_000,
      -1,
      0.5,
      1_800_000_000_000.7,
      8.64e15,
    ),
  );
  fc.assert(
    fc.property(ms, (one) => assert.equal(instant(one), new Date(one).toISOString())),
    { numRuns: 2_000 },
  );
  for (const one of [Number.NaN, Infinity, 8.65e15]) assert.throws(() => instant(one), RangeError);
});
