import assert from 'node:assert/strict';
import { explainAction, getPayload, getSchema, getStatus } from '@surety/contract/oversight-routes';
import { afterAll, beforeAll, test } from 'vitest';
import { mandate } from './company.ts';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await openRig({ env: { SURETY_COMPARE_SHARE: '1' } });
});
afterAll(async () => {
  await rig?.checkLog();
  await rig?.close();
});

test('masked, clamped, told and kept: from the mandate to the system and back', async () => {
  const agent = await rig.hire('reader', {
    permissions: [
      {
        system: 'payments',
        actions: ['read_order'],
        obligations: { mask: ['/customer/email'], clamp: { '/limit': 10 }, notify: 'Reads orders.', record: true },
      },
    ],
  });
  const before = rig.payments.executed.length;
  const told = await agent.call('payments', 'read_order', '{"order":"canary-of-the-order","limit":500}');
  assert.equal(told.said, 'allowed', told.text);
  assert.ok(!told.raw.text.includes('canary-of-the-order'), 'what the system said in words is masked whole');
  const [seen] = rig.payments.executed.slice(before);
  assert.match(seen?.text ?? '', /"limit":10[,}]/);
  const [intended] = (await rig.entries('call.intended', agent.id)).slice(-1);
  assert.ok(intended);
  assert.notEqual(intended.data['sentDigest'], intended.data['callDigest']);
  const [noticed] = await rig.entries('call.noticed', agent.id);
  assert.deepEqual([noticed?.about, noticed?.data['because']], [intended.about, ['Reads orders.']]);
  const kept = await rig.maya.client.call(getPayload, { action: intended.about as never });
  assert.match(kept.payload, /done canary-of-the-order/);
});

test('attack: a clamp on what changes things is refused when the mandate is given', async () => {
  const permissions = [{ system: 'payments', actions: ['refund'], obligations: { clamp: { '/limit': 10 } } }];
  const agent = await rig.hire('payer');
  await assert.rejects(mandate(rig.maya, agent.id, { permissions }), /mandate/i);
});

test('why, for a call that was denied: every line, who could change it, and nothing else than was decided', async () => {
  const agent = await rig.hire('refunder');
  const denied = await agent.call('payments', 'refund', '{"order":"a","amount":5000}');
  assert.equal(denied.said, 'denied');
  const told = await rig.maya.client.call(explainAction, { action: denied.action as never });
  assert.equal(told.recomputed, 'same');
  const why = told.lines.find(({ decided }) => decided);
  assert.deepEqual([why?.link, why?.verdict, why?.reason], ['mandate', 'denies', 'mandate.constraint']);
  assert.deepEqual(
    why?.remedies.map(({ text }) => text),
    ['the mandate, with /amount up to 5000'],
  );
  assert.match(why?.remedies[0]?.by[0]?.role ?? '', /owner of refunder/);
  assert.match(told.forModel, /^Denied \(mandate\.constraint\): payments\.refund\./);
});

test('the official engine has looked at all of it and found nothing else; the schema of the house knows its operations', async () => {
  const { checks } = await rig.maya.client.call(getStatus, {});
  const looked = checks.find(({ check }) => check === 'official Cedar');
  assert.equal(looked?.state, 'ok', looked?.fact);
  assert.match(looked?.fact ?? '', /^has decided [1-9]\d* calls/);
  assert.match((await rig.maya.client.call(getSchema, {})).schema, /^action "payments\.refund" in \[/m);
});
