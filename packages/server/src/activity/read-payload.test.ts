import assert from 'node:assert/strict';
import { getPayload } from '@surety/contract/oversight-routes';
import { test } from 'vitest';
import { actingAgent, activityHouse } from './testing/activity-house.ts';

test('what came back can be read where it was kept; where it was not, or was changed, that is said', async () => {
  const house = await activityHouse();
  const one = await actingAgent(house);
  const kept = await one.act('{"amount":1}', { state: 'completed', milliseconds: 1, payload: '{"iban":"DE1"}' });
  assert.equal((await house.ask(getPayload, { action: kept })).payload, '{"iban":"DE1"}');
  const plain = await one.act('{"amount":2}', { state: 'completed', milliseconds: 1 });
  await assert.rejects(house.ask(getPayload, { action: plain }), { code: 'payload.not_kept' });
  const other = await one.act('{"amount":3}', { state: 'completed', milliseconds: 1, payload: 'other' });
  await house.db.query(
    `update entry set sealed = (select sealed from entry where about = $2 and type = 'call.completed') where about = $1 and type = 'call.completed'`,
    [kept, other],
  );
  await assert.rejects(house.ask(getPayload, { action: kept }), { code: 'payload.not_kept' });
});
