import assert from 'node:assert/strict';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createFetch } from '@surety/sdk/dpop-fetch';
import { type Surety, suretyWithKey } from '@surety/sdk/surety';
import { SuretyError } from '@surety/sdk/surety-error';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, test } from 'vitest';
import { protect } from './company.ts';
import { type OfficialSystem, openOfficialSystem } from './official-system.ts';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;
let shop: OfficialSystem;
let planner: Surety;
let reader: Surety;
let refunder: Surety;
let maya: Surety;

beforeAll(async () => {
  rig = await openRig();
  shop = await openOfficialSystem();
  await protect(rig.maya, 'shop', shop.url);
  const whole = [{ system: 'shop', actions: ['read_order', 'refund'] }];
  const hired = async (name: string): Promise<Surety> => {
    const { id, key } = await rig.hire(name, { permissions: whole });
    return suretyWithKey({ ...rig.place, clientId: id, key });
  };
  planner = await hired('planner');
  reader = await hired('reader');
  refunder = await hired('refunder');
  maya = suretyWithKey({ ...rig.place, clientId: rig.maya.id, key: rig.maya.key });
});
afterAll(async () => {
  await rig?.checkLog();
  await rig?.close();
  await shop?.close();
});

/** What came of one call by the official client, with nothing of ours but the `fetch`. */
async function call(agent: Surety, tool: string, args: Record<string, unknown>): Promise<string> {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new StreamableHTTPClientTransport(new URL(agent.gateway('shop')), { fetch: agent.fetch }));
  const { isError, content } = await client.callTool({ name: tool, arguments: args });
  await client.close();
  return isError === true ? `refused: ${JSON.stringify(content)}` : 'done';
}

const claimsOf = async (agent: Surety) => decodeJwt((await agent.token(agent.gateway('shop'))).value);
const refusedWith = (code: string) => (thrown: unknown) =>
  thrown instanceof SuretyError && thrown.code === code ? thrown.next !== '' && thrown.requestId !== undefined : false;

test('what is handed on to a second agent works under a task below, and does what both may, no more', async () => {
  const handedOn = await planner.delegate(reader.clientId, { details: [planner.action('shop', 'read_order')] });
  const below = await reader.exchange(handedOn.value, { resource: reader.gateway('shop') });
  assert.equal(await call(below, 'read_order', { order: '8839' }), 'done');
  assert.match(
    await call(below, 'refund', { order: '8839', amount: 5 }),
    /What agent planner passed on to agent reader does not cover/,
  );
  assert.equal(await call(reader, 'refund', { order: '8839', amount: 5 }), 'done');
  const claims = await claimsOf(below);
  assert.equal(claims['client_id'], reader.clientId);
  assert.equal(claims.sub, planner.clientId);
  assert.equal((claims['act'] as { sub: string }).sub, reader.clientId);
  assert.notEqual(below.task(), planner.task());
});

test('a token that is handed on is good once, and for the agent that it names', async () => {
  const handedOn = await planner.delegate(reader.clientId);
  await assert.rejects(
    refunder.exchange(handedOn.value, { resource: refunder.gateway('shop') }),
    refusedWith('actor.unauthorized'),
  );
  await reader.exchange(handedOn.value, { resource: reader.gateway('shop') });
  await assert.rejects(reader.exchange(handedOn.value, { resource: reader.gateway('shop') }), SuretyError);
  const { value } = await planner.delegate(reader.clientId);
  const resource = planner.gateway('shop');
  const tokens = { token: async () => ({ value, resource, expiresAtMs: Infinity }), forget: () => undefined };
  const send = createFetch({ tokens, key: planner.key, resourceOf: () => ({ resource }) });
  assert.equal((await send(resource, { method: 'POST', body: '{}' })).status, 401);
});

test('attack: a hop cannot be widened, not by the one who takes it over and not by the next', async () => {
  const narrow = [planner.action('shop', 'read_order')];
  const wide = [planner.action('shop', 'refund')];
  const first = await planner.delegate(reader.clientId, { details: narrow, depth: 1 });
  await assert.rejects(
    reader.exchange(first.value, { resource: reader.gateway('shop'), details: wide }),
    refusedWith('details.invalid'),
  );
  const below = await reader.exchange((await planner.delegate(reader.clientId, { details: narrow, depth: 1 })).value, {
    resource: reader.gateway('shop'),
  });
  await assert.rejects(below.delegate(refunder.clientId, { details: wide }), refusedWith('details.invalid'));
  const second = await below.delegate(refunder.clientId);
  const deepest = await refunder.exchange(second.value, { resource: refunder.gateway('shop') });
  assert.match(await call(deepest, 'refund', { order: '8839', amount: 5 }), /does not cover/);
  await assert.rejects(deepest.delegate(planner.clientId), SuretyError);
});

test('a session goes on under its task: another token for it, and for the same system again, is no new hop', async () => {
  const below = await reader.exchange((await planner.delegate(reader.clientId)).value, { resource: reader.gateway('shop') });
  const before = await rig.entries('task.opened', reader.clientId);
  const old = await below.token(below.gateway('shop'));
  const task = below.task();
  assert.equal((await below.token(below.gateway('payments'))).resource, below.gateway('payments'));
  assert.equal(old.resource, below.gateway('shop'));
  assert.equal(below.task(), task);
  assert.equal((await rig.entries('task.opened', reader.clientId)).length, before.length);
});

test('a person hands work on: it is theirs, with the purpose they gave', async () => {
  const handedOn = await maya.delegate(reader.clientId, { purpose: 'Look up order 8839', values: { order: '8839' } });
  const forMaya = await reader.forHuman(handedOn.value, { resource: reader.gateway('shop') });
  assert.equal(await call(forMaya, 'read_order', { order: '8839' }), 'done');
  assert.equal((await claimsOf(forMaya)).sub, rig.maya.id);
  await assert.rejects(maya.delegate(reader.clientId), refusedWith('request.malformed'));
});

test('all tokens of an agent are for one task, however many are asked for at once', async () => {
  const { id, key } = await rig.hire('parallel');
  const agent = suretyWithKey({ ...rig.place, clientId: id, key });
  await Promise.all(['shop', 'payments', 'shop'].map((system) => agent.token(agent.gateway(system))));
  assert.equal((await rig.entries('task.opened', id)).length, 1);
  assert.match(agent.task() ?? '', /^tsk_/);
});
