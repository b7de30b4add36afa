import assert from 'node:assert/strict';
import { responsibleFor } from '@surety/contract/oversight-routes';
import { test } from 'vitest';
import { actingAgent, activityHouse } from './testing/activity-house.ts';

const house = await activityHouse();
const { db, ask } = house;
const done = { state: 'completed', milliseconds: 3 } as const;

test('who: a sentence with a name and a title, the chain, the entry, and a signed checkpoint that covers it', async () => {
  const one = await actingAgent(house);
  await db.query(`update human set title = 'head of support' where id = $1`, [one.owner.id]);
  const action = await one.act('{"amount":1}', done);
  const before = await ask(responsibleFor, { action });
  assert.deepEqual([before.entry, before.checkpoint], [null, null], 'without an index there is nothing to prove yet');
  await house.sequence();
  const told = await ask(responsibleFor, { action });
  assert.equal(told.sentence, `${one.owner.displayName} (head of support) answered for this action at the time.`);
  assert.deepEqual(
    told.chain.map(({ text }) => text.replaceAll(/man_\w+|key \S+…/g, '*')),
    [
      `${one.owner.displayName} gave mandate *, version 1, signed`,
      `${one.agent.name} proved itself with *`,
      `asked for ${one.system.name}.refund`,
      'allowed: Every link permits this call.',
    ],
  );
  const { rows } = await db.query<{ index: number }>(
    `select s.index from sequenced s join entry e on e.id = s.id where e.about = $1 and e.type = 'call.intended'`,
    [action],
  );
  assert.equal(told.entry, rows[0]?.index);
  const { size } = checkpointOf(told.checkpoint);
  assert.ok((told.entry ?? Infinity) < size);
});

/** Size and signature of a checkpoint, as an auditor reads it. */
function checkpointOf(note: string | null): { size: number } {
  assert.ok(note !== null);
  const [origin, size] = note.split('\n');
  assert.equal(origin, house.signer.name);
  return { size: Number(size) };
}

test('who, of an action that is newer than the newest checkpoint: no checkpoint that does not cover it', async () => {
  const one = await actingAgent(house);
  const action = await one.act('{"amount":1}', done);
  await house.sequence();
  const { rows } = await db.query<{ size: number; note: string }>('select size, note from tree_head');
  assert.ok((await ask(responsibleFor, { action })).checkpoint !== null);
  await db.query('update tree_head set size = $1', [(await ask(responsibleFor, { action })).entry]);
  assert.equal((await ask(responsibleFor, { action })).checkpoint, null);
  await db.query('update tree_head set size = $1', [rows[0]?.size]);
});

test('who, of an approved and of a refused call: the person who answered stands in the chain', async () => {
  const one = await actingAgent(house);
  const action = await one.park('{"amount":301}');
  await one.say('{"amount":301}', 'approve');
  await one.begin('{"amount":301}', 5_000);
  await house.guard.settle(action, done);
  const texts = async (id: typeof action) => (await ask(responsibleFor, { action: id })).chain.map(({ text }) => text);
  assert.ok((await texts(action)).includes(`${one.owner.displayName} approved exactly this call, signed`));
  const no = await one.park('{"amount":302}');
  await one.say('{"amount":302}', 'refuse');
  assert.ok((await texts(no)).includes(`${one.owner.displayName} refused exactly this call, signed`));
  assert.equal((await texts(no)).at(-1), 'denied: A person refused exactly this call.');
});

test('who, of an earlier action: the one who answered then, though another answers now', async () => {
  const one = await actingAgent(house);
  const action = await one.act('{"amount":1}', done);
  const { changeAgent } = await import('#registry/change-agent');
  const next = await house.human({ roles: ['owner'] });
  await changeAgent(house.house, one.owner.id, { agent: one.agent.id, owner: next.id });
  await house.feed.waitFor(await newestChange(), 5_000);
  const then = await ask(responsibleFor, { action });
  assert.match(then.sentence, new RegExp(`^${one.owner.displayName} answered`));
  await assert.rejects(one.begin('{"amount":1}'), { code: 'token.ended' }, 'what was begun under the one ended with that');
});

test('who, of a task that was asked for and passed on: everybody who did, by name, from the root down', async () => {
  const [above, one] = [await actingAgent(house), await actingAgent(house)];
  const asker = await house.human({ roles: ['owner'] });
  const action = await one.act('{"amount":1}', done);
  const told = async () => (await ask(responsibleFor, { action })).chain.map(({ text }) => text);
  assert.ok(!(await told()).some((text) => text.includes('passed it on')));
  const { rows } = await db.query<{ id: string }>(
    `insert into task (id, agent, requester, answerable, trigger, purpose, root, state, expires_at, created_at)
     select $1, $2, $3, $3, 'human', purpose, $1, 'open', expires_at, created_at from task where agent = $4 returning id`,
    [`tsk_${'7'.repeat(26)}`, above.agent.id, asker.id, one.agent.id],
  );
  await db.query('update task set parent = $1, root = $1, depth = 1, requester = $2 where agent = $3', [
    rows[0]?.id,
    above.agent.id,
    one.agent.id,
  ]);
  assert.deepEqual((await told()).slice(0, 2), [
    `${asker.displayName} asked ${above.agent.name}`,
    `${above.agent.name} passed it on to ${one.agent.name}`,
  ]);
});

async function newestChange(): Promise<number> {
  const { rows } = await db.query<{ newest: number }>('select max(number) as newest from change');
  return rows[0]?.newest ?? 0;
}
