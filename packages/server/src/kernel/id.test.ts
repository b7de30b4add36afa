import assert from 'node:assert/strict';
import { AgentId } from '@surety/contract/id';
import { test } from 'vitest';
import { newId } from './id.ts';

test('an id is of its kind, no two are alike, and later ones sort later', () => {
  const ids = Array.from({ length: 20_000 }, (_, n) => newId<string>('agent', 1_800_000_000_000 + n));
  for (const id of ids.slice(0, 100)) assert.equal(AgentId.safeParse(id).success, true, id);
  assert.equal(new Set(ids.map((id) => id.slice(14))).size, ids.length);
  assert.deepEqual(
    ids.toSorted((one, other) => (one < other ? -1 : 1)),
    ids,
  );
});

test('each of the 80 random bits is there: every digit of the second half takes every value', () => {
  const seen = Array.from({ length: 16 }, () => new Set<string>());
  for (let round = 0; round < 5_000; round++) {
    const digits = newId<string>('task').slice(14);
    for (let at = 0; at < 16; at++) seen[at]?.add(digits.charAt(at));
  }
  assert.deepEqual(
    seen.map(({ size }) => size),
    Array.from({ length: 16 }, () => 32),
  );
});
