import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'vitest';
import { house } from '#testing/house';
import { createRecentValues } from './recent-values.ts';
import { boundTreeValues, countTreeValues, findTreeValues } from './tree-value-store.ts';

const db = await house();
const root = 'tsk_00000000000000000000000001';

async function add(count: number, isUntrusted: boolean, atMs: number): Promise<Buffer[]> {
  const prints = Array.from({ length: count }, () => randomBytes(16));
  for (const [at, fingerprint] of prints.entries())
    await db.query(
      `insert into tree_value (root, fingerprint, is_untrusted, labels, system, operation, action, at) values ($1, $2, $3, '{}', 's', 'o', 'a', $4)`,
      [root, fingerprint, isUntrusted, new Date(atMs + at)],
    );
  return prints;
}

test('what no outsider wrote goes first, then what outsiders wrote, the oldest first', async () => {
  const [ours, theirs] = [await add(5, false, 1_000_000), await add(5, true, 0)];
  assert.equal(await boundTreeValues(db, root, 7), 3);
  const left = async (prints: Buffer[]) =>
    (await findTreeValues(db, [root], prints)).map(({ fingerprint }) => prints.findIndex((one) => one.equals(fingerprint)));
  assert.deepEqual(
    [await left(ours), await left(theirs)],
    [
      [3, 4],
      [0, 1, 2, 3, 4],
    ],
  );
  assert.equal(await boundTreeValues(db, root, 4), 3);
  assert.deepEqual([await left(ours), await left(theirs)], [[], [1, 2, 3, 4]]);
  assert.deepEqual([await boundTreeValues(db, root, 4), await countTreeValues(db, root)], [0, 4]);
});

test('what was kept of late is known until the tree changes, within bounds', () => {
  const listeners: ((change: never) => void)[] = [];
  const recent = createRecentValues({ onChange: (listener) => void listeners.push(listener as never) as never });
  const value = { kind: 'id', value: 'a1', isUntrusted: true, labels: ['untrusted'] };
  assert.equal(recent.has(root, value), false);
  assert.equal(recent.note(root, [value]), 1);
  assert.equal(recent.has(root, value), true);
  for (const other of [
    { ...value, value: 'a2' },
    { ...value, isUntrusted: false },
    { ...value, labels: ['untrusted', 'pii'] },
  ])
    assert.equal(recent.has(root, other), false);
  for (const listener of listeners) listener({ number: 1, what: 'changed', key: root, atMs: 0 } as never);
  assert.equal(recent.has(root, value), false);
  const many = Array.from({ length: 2_500 }, (_, at) => ({ ...value, value: `v${at}` }));
  assert.equal(recent.note(root, many), 2_501);
  assert.deepEqual([recent.has(root, { ...value, value: 'v0' }), recent.has(root, { ...value, value: 'v2499' })], [false, true]);
  recent.restart(root);
  assert.deepEqual([recent.note(root, [value]), recent.note(root, [])], [1, 0]);
});
