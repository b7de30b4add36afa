import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { MandateDocument } from '@surety/contract/mandate';
import { readChain } from '#authn/read-chain';
import { test } from 'vitest';
import { openAuthorityFacts } from '#delegation/authority-facts';
import { endMandate } from '#delegation/end-mandate';
import { endTask } from '#delegation/end-task';
import { giveMandate } from '#delegation/give-mandate';
import { readMandate } from '#delegation/read-mandate';
import { newTask } from '#delegation/task';
import { addTask } from '#delegation/task-store';
import { openPrincipalFacts } from '#registry/principal-facts';
import { openNode } from '#registry/testing/node';
import { heldClock, residents, signed } from '#registry/testing/residents';
import { orderStop } from './order-stop.ts';

const { db, feed, upToDate } = await openNode();
const { clock } = heldClock(Date.now());
const { human, agent, keyOf } = residents(db, clock);
const facts = openAuthorityFacts({ db, feed });
const people = openPrincipalFacts({ db, feed });

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

test('ending the mandate at the root of a thousand tasks is not kept waiting by them, and ends them all but its own', async () => {
  const owner = await human({ roles: ['owner'] });
  const key = await keyOf(owner.id);
  const [one, below] = [await agent({ owner: owner.id, state: 'active' }), await agent({ state: 'active' })];
  const document = MandateDocument.parse({
    agent: one.id,
    purpose: 'work',
    autonomy: 'act',
    expiresAt: new Date(clock() + 3_600_000).toISOString(),
    permissions: [],
  });
  const claims = { digest: readMandate({ document }).digest, agent: one.id, iat: Math.floor(clock() / 1000) };
  const mandate = await giveMandate({ db, clock }, owner.id, { document, signature: signed(key, 'surety-mandate+jwt', claims) });
  const root = newTask({ agent: one.id, answerable: owner.id, purpose: 'all of it', lifetimeSeconds: 3600 }, clock());
  const child = (requester: typeof one.id) =>
    newTask(
      { agent: below.id, answerable: owner.id, requester, purpose: 'a part', lifetimeSeconds: 3600, parent: root },
      clock(),
    );
  await addTask(db, root);
  const children = Array.from({ length: 1_000 }, () => child(one.id));
  for (const task of children) await addTask(db, task);
  await upToDate();
  const [first] = children;
  const read = () => readChain({ feed, facts: people, authority: facts, clock }, first?.id ?? '');
  assert.equal((await read()).live, true);
  const ended = endMandate({ db, clock }, owner.id, { mandate: mandate.id });
  const from = performance.now();
  while ((await read()).live && performance.now() - from < 10_000) await pause(5);
  assert.ok(performance.now() - from < 1_000);
  await ended;
  await upToDate();
  const { rows } = await db.query<{ id: string; state: string }>('select id, state from task where root = $1', [root.id]);
  assert.deepEqual(
    rows.filter(({ state }) => state === 'open').map(({ id }) => id),
    [root.id],
  );
  assert.ok(children.every(({ id }) => feed.cutoffOf(id) !== undefined));
  const said = await db.query<{ count: number }>(
    "select count(*) as count from entry where type = 'task.ended' and task = any($1)",
    [children.map(({ id }) => id)],
  );
  assert.equal(said.rows[0]?.count, 1_000);
});

test('ending the task at the top of ten thousand ends what hangs lowest with its first commit, and then writes down all of them', async () => {
  const one = await agent({ state: 'active' });
  await db.query("delete from task where id like 'tsk_0000%'");
  const root = newTask({ agent: one.id, answerable: one.owner, purpose: 'all of it', lifetimeSeconds: 3600 }, clock());
  await addTask(db, root);
  await tree(root.id);
  await upToDate();
  const count = async (text: string) => (await db.query<{ count: number }>(text, [root.id])).rows[0]?.count;
  const open = () => count("select count(*) as count from task where root = $1 and state = 'open'");
  const fresh = openAuthorityFacts({ db, feed });
  const top = async () => (await fresh.chain(`tsk_${String(tasks).padStart(26, '0')}`))?.[0]?.state;
  assert.deepEqual([await top(), await open()], ['open', tasks + 1]);
  const from = performance.now();
  const ending = endTask({ db, clock }, one.owner, { task: root.id });
  while ((await top()) === 'open' && performance.now() - from < 10_000) await pause(5);
  assert.ok(performance.now() - from < 1_000, `${performance.now() - from} ms`);
  assert.equal((await ending).state, 'ended');
  assert.equal(await open(), 0);
  const written =
    "select count(*) as count from entry where type = 'task.ended' and task in (select id from task where root = $1)";
  assert.ok(((await count(written)) ?? 0) >= tasks + 1);
  assert.equal((await endTask({ db, clock }, one.owner, { task: root.id })).state, 'ended');
});
