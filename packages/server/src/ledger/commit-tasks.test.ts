import assert from 'node:assert/strict';
import { Task } from '@surety/contract/task';
import { afterAll, test } from 'vitest';
import { announce } from '#change/announce';
import { systemClock } from '#kernel/clock';
import { openDb } from '#kernel/db';
import { newId } from '#kernel/id';
import { silentLog } from '#kernel/log';
import { houseUrl } from '#testing/house';
import { openCommitQueue, spendKey } from './commit-queue.ts';
import { openOwnPool } from './own-pool.ts';
import { entryOf } from './record.ts';

const url = await houseUrl();
const pool = openOwnPool(url, 2);
const db = openDb(pool);
const queue = openCommitQueue({ url, clock: systemClock, log: silentLog });

afterAll(async () => {
  await queue.close();
  await pool.end();
});

function aTask(): Task {
  const agent = newId<string>('agent');
  const times = { expiresAt: new Date(Date.now() + 60_000).toISOString(), createdAt: new Date().toISOString() };
  const more = {
    requester: agent,
    answerable: newId<string>('human'),
    trigger: 'agent',
    purpose: 'a "quoted" purpose',
    parent: null,
    depth: 0,
    grant: null,
    instance: newId<string>('credential'),
    asked: [],
  };
  const id = newId<string>('task');
  return Task.parse({ id, root: id, agent, ...more, state: 'open', ...times });
}

const unitOf = (task: Task) => ({
  entries: [
    entryOf({ type: 'task.ended', actor: task.agent, about: task.id, task: task.id, data: { agent: task.agent } }, systemClock),
  ],
  spends: [{ key: spendKey('assertion', task.id), expiresAtMs: Date.now() + 60_000 }],
  tasks: [task],
});

const isOpen = async ({ id }: Task) =>
  (await db.query('select id from task where id = $1 and state = $2', [id, 'open'])).rowCount === 1;

test('a task is opened with the act that is committed, and not with one that is stale, replayed or refused', async () => {
  const [good, stale, replayed, bad] = [aTask(), aTask(), aTask(), aTask()];
  const number = await db.transaction((tx) => announce(tx, [{ what: 'changed', key: stale.agent }]));
  await queue.commit({ entries: [], spends: unitOf(replayed).spends });
  const results = await Promise.allSettled([
    queue.commit(unitOf(good)),
    queue.commit({ ...unitOf(stale), fence: { change: number - 1, keys: [stale.agent] } }),
    queue.commit(unitOf(replayed)),
    queue.commit(unitOf({ ...bad, purpose: 'nul \u0000' })),
  ]);
  assert.deepEqual(
    results.map((result) => (result.status === 'fulfilled' ? result.value : (result.reason as { code: string }).code)),
    ['committed', 'stale', 'replayed', 'internal'],
  );
  assert.deepEqual(await Promise.all([good, stale, replayed, bad].map(isOpen)), [true, false, false, false]);
});
