import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { afterAll, test } from 'vitest';
import { openDb } from '#kernel/db';
import { houseUrl } from '#testing/house';
import { bigintArray, byteaArray, integerArray, textArray, timeArray } from './binary-arrays.ts';
import { openOwnPool } from './own-pool.ts';

const pool = openOwnPool(await houseUrl(), 1);
const db = openDb(pool);

afterAll(() => pool.end());

const arrays = fc.record({
  texts: fc.array(fc.option(fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')))),
  bytes: fc.array(fc.option(fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)))),
  integers: fc.array(fc.integer()),
  bigints: fc.array(fc.maxSafeInteger()),
  times: fc.array(fc.date({ min: new Date('1970-01-01'), max: new Date('2999-12-31'), noInvalidDate: true })),
});

test('the database reads every array as it was given', async () => {
  await fc.assert(
    fc.asyncProperty(arrays, async ({ texts, bytes, integers, bigints, times }) => {
      const { rows } = await db.query(
        'select $1::text[] as texts, $2::bytea[] as bytes, $3::integer[] as integers, $4::bigint[]::text[] as bigints, $5::timestamptz[] as times',
        [
          textArray(texts),
          byteaArray(bytes),
          integerArray(integers),
          bigintArray(bigints),
          timeArray(times.map((time) => time.getTime())),
        ],
      );
      assert.deepEqual(rows, [{ texts, bytes, integers, bigints: bigints.map(String), times }]);
    }),
  );
});

test('a text that the database cannot hold is refused, and not cut short', async () => {
  await assert.rejects(db.query('select $1::text[]', [textArray(['a\0b'])]), { code: '22021' });
});
