import assert from 'node:assert/strict';
import { type ExactRecord, fromPlain, writeExactJson } from '@surety/contract/exact-json';
import { mapMessage } from '@surety/decision/coaz/map-message';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, test } from 'vitest';
import { certificationWorld } from './authzen-documents.ts';
import type { ByHand } from './by-hand.ts';
import { handOn } from './handing-on.ts';
import { type Asker, openAsker } from './pep.ts';
import { openRig, type Rig } from './rig.ts';

/** An MCP server that enforces by itself (COAZ-MCP): it maps what an agent sends, and asks us. */
let rig: Rig;
let pep: Asker;
let agent: ByHand;
let server: string;

beforeAll(async () => {
  rig = await openRig();
  agent = await rig.hire('refund-bot');
  server = `${rig.place.gateway}/mcp/payments`;
  pep = await openAsker(rig, 'crm-server', {
    ...certificationWorld,
    systems: ['payments'],
    types: { identity: { open: true, asserts: [] }, customer: { open: false, asserts: [] } },
    actions: ['get_customer', 'merge_customer'],
    actionAsserts: [],
    contextAsserts: ['agent', 'case'],
    entities: [
      { type: 'customer', id: 'c-1', properties: { desk: 'refund-desk' }, in: [] },
      { type: 'customer', id: 'c-2', properties: { desk: 'legal' }, in: [] },
    ],
    policies: `
      @id("own-desk") permit (principal is identity, action, resource is customer)
      when { resource.desk == "refund-desk" && context.request has case && context.request.case like "case-*" };
    `,
  });
});
afterAll(() => rig?.close());

const exact = (value: object): ExactRecord => fromPlain(value) as ExactRecord;

const getCustomer = {
  evaluation: {
    subject: { type: 'identity', id: '$token.sub' },
    action: { name: 'get_customer' },
    resource: { type: 'customer', id: '$params.arguments.id' },
    context: { agent: '$token.?client_id', case: '$params.arguments.?case' },
  },
};
const mergeCustomer = {
  evaluations: {
    context: { case: '$params.arguments.?case' },
    evaluations: [
      { action: { name: 'merge_customer' }, resource: { type: 'customer', id: '$params.arguments.from' } },
      { action: { name: 'merge_customer' }, resource: { type: 'customer', id: '$params.arguments.into' } },
    ],
  },
};

/** Whether the server would go on with a call: every question that it is mapped to is answered with yes. */
async function passes(
  token: string,
  params: object,
  { mapping, system }: { mapping?: object; system?: string },
): Promise<boolean> {
  const inputSchema = mapping === undefined ? undefined : exact({ type: 'object', 'x-authzen-mapping': mapping });
  const message = { method: 'tools/call', params: exact(params), token: exact(decodeJwt(token)), server, inputSchema };
  const mapped = mapMessage(system === undefined ? message : { ...message, system });
  if (!('request' in mapped)) return false;
  const { body } = await pep.ask(mapped.kind, JSON.parse(writeExactJson(mapped.request)) as object);
  if (mapped.kind === 'evaluation') return body['decision'] === true;
  return (body['evaluations'] as { decision: boolean }[]).every(({ decision }) => decision);
}

test('a mapping that a tool declares is asked of the application: by argument and by case', async () => {
  const token = await agent.token(server);
  const call = (args: object) => passes(token, { name: 'get_customer', arguments: args }, { mapping: getCustomer });
  assert.equal(await call({ id: 'c-1', case: 'case-7' }), true);
  assert.equal(await call({ id: 'c-2', case: 'case-7' }), false);
  assert.equal(await call({ id: 'c-1' }), false);
  assert.equal(await call({ id: 'c-none', case: 'case-7' }), false);
  assert.equal(await call({ case: 'case-7' }), false);
});

test('of several questions each must be permitted', async () => {
  const token = await agent.token(server);
  const call = (args: object) => passes(token, { name: 'merge', arguments: args }, { mapping: mergeCustomer });
  assert.equal(await call({ from: 'c-1', into: 'c-1', case: 'case-7' }), true);
  assert.equal(await call({ from: 'c-1', into: 'c-2', case: 'case-7' }), false);
});

test('without a mapping the call of a protected system is decided as at the gateway, for whoever it is handed on to', async () => {
  const call = (token: string, amount: number) =>
    passes(token, { name: 'refund', arguments: { order: 'c1', amount } }, { system: 'payments' });
  const own = await agent.token(server);
  assert.deepEqual([await call(own, 100), await call(own, 420), await call(own, 2_000)], [true, false, false]);
  const child = await rig.hire('child-bot');
  const { token: below } = await handOn({ issuer: rig.place.issuer, resource: server }, agent, child);
  assert.deepEqual([await call(below, 100), await call(below, 2_000)], [true, false]);
  assert.equal(await passes(own, { name: 'no_such_tool', arguments: {} }, { system: 'payments' }), false);
});
