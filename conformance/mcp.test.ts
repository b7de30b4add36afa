import assert from 'node:assert/strict';
import { houseUrl } from '@surety/server/testing/house';
import { test } from 'vitest';
import { compare } from './compare.ts';

test(
  'whatever the conformance suite finds in order at a system, it finds in order through the guard',
  { timeout: 180_000 },
  async () => {
    const { judgements, authorization } = await compare(await houseUrl());
    assert.deepEqual(
      [...judgements, authorization].flatMap(({ complaints }) => complaints),
      [],
    );
    assert.equal(authorization.found, '2 passed');
    for (const { revision, rows } of judgements) assert.ok(rows.length > 30, `the suite ran few scenarios of ${revision}`);
  },
);
