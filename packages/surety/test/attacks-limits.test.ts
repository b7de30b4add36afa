import assert from 'node:assert/strict';
import { giveMandate, publishRules, readMandate } from '@surety/contract/authority-routes';
import { HistoryRules } from '@surety/contract/history';
import { MandateDocument } from '@surety/contract/mandate';
import { getMandateUse, releaseAction } from '@surety/contract/metering-routes';
import { explainAction } from '@surety/contract/oversight-routes';
import { signMandate } from '@surety/sdk/sign';
import { afterAll, beforeAll, test } from 'vitest';
import type { ByHand } from './by-hand.ts';
import { refunds } from './company.ts';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;
let agent: ByHand;
beforeAll(async () => {
  rig = await openRig();
  agent = await rig.hire('refund-bot');
});
afterAll(async () => {
  await rig?.checkLog();
  await rig?.close();
});

const refundsOnly = [{ system: 'payments', actions: ['refund'] }];

/** Gives the agent its usual mandate with limits, signed by who answers for it; the id of the mandate and what changes. */
async function limit(limits: MandateDocument['limits']) {
  const document = MandateDocument.parse({
    agent: agent.id,
    purpose: 'Be tested.',
    autonomy: 'act_within_limits',
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    permissions: refunds,
    limits,
  });
  const { digest, changes } = await rig.maya.client.call(readMandate, { document });
  const signature = await signMandate(rig.maya.key, { digest, agent: agent.id }, Date.now());
  const given = await rig.maya.client.call(giveMandate, { document, signature });
  return { id: given.id, changes, given };
}

test('a rule about the past holds at the door, for whatever agent', async () => {
  await limit(undefined);
  const rules = HistoryRules.parse([
    {
      id: 'once-an-order',
      when: refundsOnly[0],
      forbidIf: { happened: refundsOnly[0], by: 'anyone', within: 'P30D', same: [{ here: '/order', there: '/order' }] },
      because: 'An order is refunded once.',
    },
  ]);
  const published = await rig.maya.client.call(publishRules, { rules });
  assert.deepEqual(published.rules, rules);
  const other = await rig.hire('second-bot');
  assert.equal((await agent.call('payments', 'refund', '{"order":"O-1","amount":1}')).said, 'allowed');
  for (const order of ['"O-1"', '"o-1 "', '["O-1"]']) {
    const told = await other.call('payments', 'refund', `{"order":${order},"amount":1}`);
    assert.deepEqual([told.said, told.reason], ['denied', 'history.forbidden'], order);
    assert.match(told.text, /What happened before forbids this/);
    assert.doesNotMatch(told.text, /once|O-1/); // a model is not told what a rule of the organisation looks at
  }
  assert.equal((await other.call('payments', 'refund', '{"order":"O-2","amount":1}')).said, 'allowed');
  await rig.maya.client.call(publishRules, { rules: [] });
});

test('a swarm of calls at the door never spends more than the limit, and spends all of it', async () => {
  const { id, changes, given } = await limit([
    { of: refundsOnly, measure: { sum: '/amount' }, max: '100', per: 'agent', within: 'P1D' },
  ]);
  assert.deepEqual(changes, given.changes);
  assert.match((changes ?? []).join('\n'), /New limit: May call payments\.refund up to 100 in total \(\/amount\) in any day/);
  const before = rig.payments.executed.length;
  const told = await Promise.all(
    Array.from({ length: 40 }, (_, at) => agent.call('payments', 'refund', `{"order":"s${at}","amount":7}`)),
  );
  assert.equal(told.filter(({ said }) => said === 'allowed').length, 14);
  assert.equal(rig.payments.executed.length - before, 14);
  const refused = told.find(({ said }) => said === 'denied');
  assert.equal(refused?.reason, 'limit.reached');
  const { items } = await rig.maya.client.call(getMandateUse, { mandate: id });
  assert.deepEqual(
    items.map(({ of, used, max, left }) => ({ of, used, max, left })),
    [{ of: agent.id, used: '98', max: '100', left: '2' }],
  );
  const why = await rig.maya.client.call(explainAction, { action: refused?.action as never });
  assert.equal(why.recomputed, 'same');
  assert.equal((await agent.call('payments', 'refund', '{"order":"last","amount":2}')).said, 'allowed');
  const [done] = await rig.entries('call.completed', agent.id);
  await assert.rejects(rig.maya.client.call(releaseAction, { action: done?.about as never, reason: 'to spend more' }), {
    code: 'action.not_unknown',
  });
});
