import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { test } from 'vitest';
import { createReplayTable } from './replay-table.ts';

const now = 1_800_000_000_000;

test('a proof is spent once', () => {
  const table = createReplayTable({ capacity: 100 });
  assert.equal(table.spend('jkt', 'jti', now), true);
  for (let again = 0; again < 50; again++) assert.equal(table.spend('jkt', 'jti', now), false);
  assert.equal(table.spend('jkt', 'jti2', now), true);
  assert.equal(table.spend('jkt2', 'jti', now), true);
});

test('no proof is good twice within the window, whatever the clock does between', () => {
  const step = fc.record({ jti: fc.nat({ max: 20 }).map(String), ms: fc.integer({ min: -5_000, max: 100_000 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const table = createReplayTable({ capacity: 1_000 });
      const spentAt = new Map<string, number>();
      let at = now;
      for (const { jti, ms } of steps) {
        at += ms;
        const first = table.spend('jkt', jti, at);
        const last = spentAt.get(jti);
        if (last !== undefined && Math.abs(at - last) < 120_000) assert.notEqual(first, true);
        if (first === true) spentAt.set(jti, at);
      }
    }),
  );
});

test('the window passes, and the memory is used again', () => {
  const table = createReplayTable({ capacity: 10 });
  for (let round = 0; round < 20; round++) {
    for (let n = 0; n < 10; n++) assert.equal(table.spend('jkt', `${round}-${n}`, now + round * 130_000), true, `round ${round}`);
  }
});

test('when it cannot promise to remember it refuses, and goes on refusing replays', () => {
  const table = createReplayTable({ capacity: 5 });
  for (let n = 0; n < 5; n++) assert.equal(table.spend('jkt', String(n), now), true);
  assert.equal(table.spend('jkt', '5', now), 'full');
  assert.equal(table.spend('jkt', '0', now), false);
});

test('a clock set back to a time that is forgotten refuses', () => {
  const table = createReplayTable({ capacity: 100 });
  assert.equal(table.spend('jkt', 'a', now), true);
  assert.equal(table.spend('jkt', 'b', now + 600_000), true);
  assert.equal(table.spend('jkt', 'a', now), 'full');
});

test('a window shorter than a proof is fresh is refused', () => {
  assert.throws(() => createReplayTable({ capacity: 10, windowSeconds: 119 }), RangeError);
});

test('a hundred thousand proofs are told apart', () => {
  const table = createReplayTable({ capacity: 100_000 });
  for (let n = 0; n < 100_000; n++) assert.equal(table.spend('jkt', String(n), now), true);
  for (let n = 0; n < 100_000; n += 97) assert.equal(table.spend('jkt', String(n), now), false);
});
