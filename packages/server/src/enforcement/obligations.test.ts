import assert from 'node:assert/strict';
import type { BeginResult } from '@surety/contract/enforcement';
import { MandateDocument } from '@surety/contract/mandate';
import { digestCall } from '@surety/decision/call-digest';
import { clampArguments } from '@surety/decision/obligations/clamp-arguments';
import { test } from 'vitest';
import { classifyOperation } from '#catalogue/classify-operation';
import { payloadPlace } from '#decision/inputs-place';
import { giveMandate } from '#delegation/give-mandate';
import { readMandate } from '#delegation/read-mandate';
import { sealedDigest } from '#keys/seal';
import { openLogReader } from '#ledger/log-reader';
import { signed } from '#registry/testing/residents';
import { guarded, refundAgent } from './testing/guarded.ts';

const house = await guarded();
const { db, clock, sealer } = house;

type Permissions = MandateDocument['permissions'];
type Given = NonNullable<Permissions[number]['obligations']>;

async function obligedAgent(operation: 'list' | 'refund', obligations: Given) {
  const one = await refundAgent(house);
  await classifyOperation(house.house, one.owner.id, { system: one.system.id, operation: 'list', effect: 'read' });
  const give = async () => {
    const document = MandateDocument.parse({
      agent: one.agent.id,
      purpose: 'Looks orders up',
      autonomy: 'act',
      expiresAt: new Date(clock() + 3_600_000).toISOString(),
      permissions: [{ system: one.system.name, actions: [operation], obligations }],
    });
    const claims = { digest: readMandate({ document }).digest, agent: one.agent.id, iat: Math.floor(clock() / 1000) };
    return giveMandate(house.house, one.owner.id, { document, signature: signed(one.key, 'surety-mandate+jwt', claims) });
  };
  const begin = async (text: string): Promise<BeginResult> => {
    const { rows } = await db.query<{ newest: number }>('select max(number) as newest from change');
    await house.feed.waitFor(rows[0]?.newest ?? 0, 5_000);
    return house.guard.begin(one.caller(), one.call(text, operation), { holdMs: 0, signal: new AbortController().signal });
  };
  return { ...one, giveObliging: give, begin };
}

const entriesOf = (action: string) => openLogReader(db).oldest({ about: [action], limit: 20 }, { sealed: true });
const bodyOf = (body: string | undefined): Record<string, unknown> =>
  (JSON.parse(body ?? '{}') as { data: Record<string, unknown> }).data;

test('what a permission obliges to goes with the yes, and stands in the record: also what is sent in the place of what was asked', async () => {
  const one = await obligedAgent('list', { mask: ['/email'], clamp: { '/limit': 100 }, notify: 'Looks at customers' });
  await one.giveObliging();
  const begun = await one.begin('{"limit":500}');
  assert.equal(begun.kind, 'go');
  const obliged = { mask: ['/email'], clamp: { '/limit': 100 }, notify: ['Looks at customers'], record: false };
  assert.deepEqual(begun.decision.obligations, obliged);
  await house.guard.settle(begun.actionId, {
    state: 'completed',
    milliseconds: 1,
    resultDigest: 'a',
    resultBytes: 1,
    releasedDigest: 'b',
  });
  const entries = await entriesOf(begun.actionId);
  const bodyAt = (type: string) => bodyOf(entries.find((one) => one.type === type)?.body);
  assert.deepEqual(entries.map(({ type }) => type).toSorted(), ['call.completed', 'call.intended', 'call.noticed']);
  const intended = bodyAt('call.intended');
  const asked = one.call('{"limit":500}', 'list');
  const sent = clampArguments(asked.arguments, obliged.clamp);
  assert.ok(sent !== undefined);
  assert.deepEqual(intended['obligations'], { ...obliged, clamp: ['/limit 100'] });
  assert.equal(intended['callDigest'], asked.digest);
  assert.equal(
    intended['sentDigest'],
    digestCall({ agent: one.agent.id, system: one.system.name, operation: 'list', arguments: sent }),
  );
  const noticed = bodyAt('call.noticed');
  assert.deepEqual([noticed['because'], noticed['answerable']], [['Looks at customers'], one.owner.id]);
  assert.equal(bodyAt('call.completed')['releasedDigest'], 'b');
  const small = await one.begin('{"limit":5}');
  assert.equal(bodyOf((await entriesOf(small.actionId))[0]?.body)['sentDigest'], undefined, 'nothing else was sent');
});

test('what came back is kept sealed beside the outcome where it is to be kept, and opens there only', async () => {
  const one = await obligedAgent('refund', { record: true });
  await one.giveObliging();
  const begun = await one.begin('{"amount":5}');
  await house.guard.settle(begun.actionId, { state: 'completed', milliseconds: 1, payload: '{"iban":"DE1"}' });
  const outcome = (await entriesOf(begun.actionId)).at(-1);
  assert.ok(!outcome?.body.includes('DE1'));
  const sealed = outcome?.sealed ?? Buffer.alloc(0);
  assert.equal(bodyOf(outcome?.body)['payload'], sealedDigest(sealed));
  assert.equal(sealer.open(payloadPlace(begun.actionId), sealed).toString(), '{"iban":"DE1"}');
  assert.throws(() => sealer.open(payloadPlace('act_other'), sealed));
});

test('attack: a clamp on anything but a read is refused when the mandate is given, and says which operation is none', async () => {
  const one = await obligedAgent('refund', { clamp: { '/limit': 5 } });
  await assert.rejects(one.giveObliging(), (thrown: { code?: string; issues?: { message: string }[] }) => {
    assert.equal(thrown.code, 'mandate.invalid');
    assert.match(thrown.issues?.[0]?.message ?? '', /only reads can be clamped, and refund is none/);
    return true;
  });
});

test('attack: an operation that is found to change things after the mandate was given is denied, not clamped', async () => {
  const one = await obligedAgent('list', { clamp: { '/limit': 5 } });
  await one.giveObliging();
  assert.equal((await one.begin('{"limit":50}')).kind, 'go');
  await classifyOperation(house.house, one.owner.id, { system: one.system.id, operation: 'list', effect: 'write' });
  const denied = await one.begin('{"limit":50}');
  assert.deepEqual([denied.kind, denied.decision.reason], ['refused', 'obligation.unfit']);
});
