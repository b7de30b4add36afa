import assert from 'node:assert/strict';
import type { Action } from '@surety/contract/activity';
import { explainAction } from '@surety/contract/oversight-routes';
import { test } from 'vitest';
import { actingAgent, activityHouse, idOf } from './testing/activity-house.ts';

const house = await activityHouse();
const { db } = house;
const done = { state: 'completed', milliseconds: 3 } as const;
const why = (action: Action['id']) => house.ask(explainAction, { action });

/** A database administrator's hand on one entry. */
async function edit(action: string, type: string, change: (body: string) => string): Promise<void> {
  const { rows } = await db.query<{ id: string; body: string }>('select id, body from entry where about = $1 and type = $2', [
    action,
    type,
  ]);
  const [row] = rows;
  assert.ok(row);
  assert.notEqual(change(row.body), row.body);
  await db.query('update entry set body = $2 where id = $1', [row.id, change(row.body)]);
}

test('why a call was denied: every condition with the value found, and the same answer from the kept inputs', async () => {
  const one = await actingAgent(house);
  const told = await why(idOf(await one.begin('{"amount":5000}')));
  assert.deepEqual([told.action.state, told.recomputed, told.mandateVersion], ['denied', 'same', 1]);
  const failed = told.conditions.find(({ holds, link }) => !holds && link === 'mandate');
  assert.match(failed?.text ?? '', /amount is at most 1000/);
  assert.equal(failed?.found, '5000');
  assert.match(
    told.next,
    new RegExp(`surety mandate ls --agent ${one.agent.name}: ${one.owner.displayName} can give it another`),
  );
});

test('why a call was allowed, held, approved or refused: the same answer, by the policies that determined it', async () => {
  const one = await actingAgent(house);
  const allowed = await why(await one.act('{"amount":1}', done));
  assert.equal(allowed.recomputed, 'same');
  assert.ok(allowed.policies.length > 0);
  assert.equal(allowed.next, `surety who ${allowed.action.id}`);
  const parked = await one.park('{"amount":301}');
  const held = await why(parked);
  assert.deepEqual(
    [held.action.state, held.recomputed, held.next],
    ['held', 'same', `surety request show ${held.action.approval}`],
  );
  await one.say('{"amount":301}', 'approve');
  await one.begin('{"amount":301}', 5_000);
  await house.guard.settle(parked, done);
  const ran = await why(parked);
  assert.deepEqual([ran.action.state, ran.action.reason, ran.recomputed], ['allowed', 'approved', 'same']);
  const refused = await one.park('{"amount":302}');
  await one.say('{"amount":302}', 'refuse');
  const no = await why(refused);
  assert.deepEqual([no.action.state, no.action.reason, no.recomputed], ['denied', 'approval.refused', 'same']);
});

test('what was decided on has gone on since: the answer is of then', async () => {
  const one = await actingAgent(house);
  const action = idOf(await one.begin('{"amount":5000}'));
  await one.give('9000');
  const told = await why(action);
  assert.deepEqual([told.recomputed, told.mandateVersion], ['same', 1]);
  assert.match(told.conditions.find(({ holds }) => !holds)?.text ?? '', /at most 1000/);
});

test('attack: a reason, a link or a policy that was changed in the entry is not what the inputs lead to: different', async () => {
  const changes: readonly (readonly [string, string])[] = [
    ['"mandate.constraint"', '"organisation.forbidden"'],
    ['"mandate.constraint"', '"mandate.silent"'],
    ['"link":"mandate"', '"link":"organisation"'],
    ['"policies":[]', '"policies":["organisation/made-up"]'],
  ];
  for (const [from, to] of changes) {
    const one = await actingAgent(house);
    const action = idOf(await one.begin('{"amount":5000}'));
    assert.equal((await why(action)).recomputed, 'same');
    await edit(action, 'call.denied', (body) => body.replace(from, to));
    assert.equal((await why(action)).recomputed, 'different', to);
  }
});

test('attack: a mandate that was changed where it is kept explains nothing any more', async () => {
  const one = await actingAgent(house);
  const action = idOf(await one.begin('{"amount":5000}'));
  await db.query(`update mandate set document = replace(document::text, '1000', '9000')::jsonb where agent = $1`, [one.agent.id]);
  const told = await why(action);
  assert.deepEqual([told.recomputed, told.conditions], ['not_possible', []]);
});

test('attack: inputs that were moved, exchanged, cut or made up do not open, and nothing is said from them', async () => {
  const one = await actingAgent(house);
  const action = idOf(await one.begin('{"amount":5000}'));
  const other = idOf(await one.begin('{"amount":6000}'));
  const { rows } = await db.query<{ about: string; sealed: Buffer }>(`select about, sealed from entry where about = any($1)`, [
    [action, other],
  ]);
  const sealedOf = (about: string) => rows.find((row) => row.about === about)?.sealed ?? Buffer.alloc(0);
  const own = sealedOf(action);
  const flipped = Buffer.from(own);
  flipped[20] = (flipped[20] ?? 0) ^ 1;
  for (const sealed of [sealedOf(other), own.subarray(0, 40), Buffer.alloc(60), flipped, Buffer.from('{"format":1}')]) {
    await db.query('update entry set sealed = $2 where about = $1', [action, sealed]);
    const told = await why(action);
    assert.deepEqual([told.recomputed, told.conditions, told.action.summary, told.action.because], ['not_possible', [], '', '']);
  }
  await db.query('update entry set sealed = $2 where about = $1', [action, own]);
  assert.equal((await why(action)).recomputed, 'same');
});

test('attack: inputs that were sealed here for this very action, but not those that the entry names, are not taken', async () => {
  const one = await actingAgent(house);
  const action = idOf(await one.begin('{"amount":5000}'));
  const { rows } = await db.query<{ sealed: Buffer }>('select sealed from entry where about = $1', [action]);
  const { inputsPlace } = await import('#decision/inputs-place');
  const place = inputsPlace(action, 'call.denied');
  const again = house.sealer.seal(place, house.sealer.open(place, rows[0]?.sealed ?? Buffer.alloc(0)));
  await db.query('update entry set sealed = $2 where about = $1', [action, again]);
  assert.equal((await why(action)).recomputed, 'not_possible');
});
