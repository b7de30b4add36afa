import assert from 'node:assert/strict';
import { addSystem } from '@surety/contract/authority-routes';
import { afterAll, beforeAll, test } from 'vitest';
import type { ByHand } from './by-hand.ts';
import { classify } from './company.ts';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;
let agent: ByHand;

/** `archive` is the same system as `payments`, but a person says that it stands inside the organisation. */
beforeAll(async () => {
  rig = await openRig();
  const credential = { place: { kind: 'header', name: 'x-api-key' }, value: rig.apiKey } as const;
  const upstream = { kind: 'mcp-http', url: rig.payments.url, inside: true } as const;
  await rig.maya.client.call(addSystem, { name: 'archive', upstream, credential });
  await classify(rig.maya, 'archive', 'read_order', 'read');
  await classify(rig.maya, 'archive', 'refund', 'write');
  await classify(rig.maya, 'payments', 'read_order', 'read');
  const actions = ['read_order', 'refund'];
  agent = await rig.hire('archive-reader', {
    permissions: [
      { system: 'archive', actions },
      { system: 'payments', actions },
    ],
  });
  await agent.token(`${rig.place.gateway}/mcp/archive`);
  await agent.token(`${rig.place.gateway}/mcp/payments`);
});
afterAll(async () => {
  await rig?.checkLog();
  await rig?.close();
});

/** A call while nothing can be written to the ledger: what the system has seen by then, and what is told afterwards. */
async function whileNothingIsWritten(system: string, tool: string) {
  const order = `${system} ${tool}`;
  const hasSeen = () => rig.payments.executed.some((one) => one.order === order);
  let isAnswered = false;
  const { told, seen } = await rig.running.house.store.db.transaction(async (tx) => {
    await tx.query('lock table entry in exclusive mode');
    const told = agent.call(system, tool, { order, amount: 1 }).finally(() => (isAnswered = true));
    for (let tries = 0; tries < 25 && !hasSeen(); tries++) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(isAnswered, false);
    return { told, seen: hasSeen() };
  });
  return { seen, told: await told };
}

test('a read that a person classified goes out while its intent is written, and its answer waits', async () => {
  const { seen, told } = await whileNothingIsWritten('archive', 'read_order');
  assert.deepEqual([seen, told.said], [true, 'allowed']);
  const [intended] = (await rig.entries('call.intended', agent.id)).slice(-1);
  const [completed] = (await rig.entries('call.completed', agent.id)).slice(-1);
  assert.equal(intended?.about, completed?.about);
  assert.ok((intended?.id ?? '') < (completed?.id ?? ''));
});

test.for([
  ['archive', 'refund'],
  ['payments', 'read_order'],
] as const)('a write there, and a read elsewhere, waits until it is written: %s %s', async ([system, tool]) => {
  const { seen, told } = await whileNothingIsWritten(system, tool);
  assert.deepEqual([seen, told.said], [false, 'allowed']);
});
