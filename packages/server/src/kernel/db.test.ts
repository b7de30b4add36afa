import assert from 'node:assert/strict';
import { test } from 'vitest';
import { houseUrl } from '#testing/house';
import { openDb, openPool } from './db.ts';

test('a connection that breaks inside a transaction fails that transaction and nothing else', async () => {
  const url = await houseUrl();
  const pool = openPool(url, 2);
  const db = openDb(pool);
  const broken = db.transaction(async (tx) => {
    const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
    await db.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await tx.query('select 1');
  });
  await assert.rejects(broken);
  const { rows } = await db.query<{ one: number }>('select 1 as one');
  assert.deepEqual(rows, [{ one: 1 }]);
  await pool.end();
});
