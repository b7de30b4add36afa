import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'vitest';
import { openAuthorityFacts } from '#delegation/authority-facts';
import { newTask } from '#delegation/task';
import { addTask } from '#delegation/task-store';
import { openNode } from '#registry/testing/node';
import { heldClock, residents } from '#registry/testing/residents';
import { orderStop } from './order-stop.ts';

const { db, feed, upToDate } = await openNode();
const { clock } = heldClock(Date.now());
const { agent } = residents(db, clock);
const facts = openAuthorityFacts({ db, feed });

const wide = 10;
const tasks = 10_000;

/** A tree in which every task has ten below it, four hops down: as it would be stored, without a token for each. */
async function tree(root: string): Promise<void> {
  await db.query(
    `insert into task (id, agent, requester, answerable, trigger, purpose, parent, root, depth, granted, asked, state, expires_at, created_at,
                       opened_after)
     select 'tsk_' || lpad(n::text, 26, '0'), agent, requester, answerable, trigger, purpose,
            case when n <= $2 then id else 'tsk_' || lpad(((n - 1) / $2)::text, 26, '0') end, id,
            case when n <= $2 then 1 when n <= 110 then 2 when n <= 1110 then 3 else 4 end, null, '[]', 'open', expires_at, created_at, opened_after
     from task, generate_series(1, $3::integer) as n where id = $1`,
    [root, wide, tasks],
  );
}

test('stopping the agent at the root of ten thousand tasks ends what hangs lowest within a second, and all of them in the record (TX-20)', async () => {
  const one = await agent({ state: 'active' });
  const root = newTask({ agent: one.id, answerable: one.owner, purpose: 'all of it', lifetimeSeconds: 3600 }, clock());
  await addTask(db, root);
  await tree(root.id);
  const lowest = `tsk_${String(tasks).padStart(26, '0')}`;
  assert.deepEqual(
    (await facts.chain(lowest))?.map(({ state }) => state),
    ['open', 'open', 'open', 'open', 'open'],
  );
  const from = performance.now();
  const ordered = orderStop({ db, clock }, one.owner, { agent: one.id, reason: 'test' });
  while ((await facts.chain(lowest))?.[0]?.state === 'open' && performance.now() - from < 10_000) await pause(10);
  const tookMs = performance.now() - from;
  const stop = await ordered;
  await upToDate();
  assert.equal(stop.tasksEnded, tasks + 1);
  assert.deepEqual(
    (await facts.chain(lowest))?.map(({ state }) => state),
    ['ended', 'ended', 'ended', 'ended', 'ended'],
  );
  assert.ok(feed.cutoffOf(lowest) !== undefined);
  const { rows } = await db.query<{ count: number }>("select count(*) as count from entry where type = 'task.ended'");
  assert.equal(rows[0]?.count, tasks + 1);
  assert.ok(tookMs < 1_000, `${tookMs} ms`);
});
