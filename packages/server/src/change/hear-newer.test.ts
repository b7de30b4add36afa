import assert from 'node:assert/strict';
import { test } from 'vitest';
import { house } from '#testing/house';
import { announce } from './announce.ts';
import { hearNewer } from './hear-newer.ts';

const db = await house();

test('what was refused as stale waits for all that the database knows, not for the next change of anything', async () => {
  const newest = await db.transaction((tx) =>
    announce(
      tx,
      Array.from({ length: 40 }, (_, at) => ({ what: 'changed' as const, key: `agt_${at}` })),
    ),
  );
  const awaited: number[] = [];
  const feed = { waitFor: async (number: number) => awaited.push(number) > 0 };
  await hearNewer({ feed, db }, newest - 40);
  await hearNewer({ feed, db }, newest);
  assert.deepEqual(awaited, [newest, newest + 1]);
});
