import assert from 'node:assert/strict';
import { Client, DpopSession, PrivateKeyJwtProvider, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { endTask } from '@surety/contract/authority-routes';
import type { TaskId } from '@surety/contract/id';
import { listActions, responsibleFor } from '@surety/contract/oversight-routes';
import type { Permission } from '@surety/contract/mandate';
import { mcpKeyPair } from '@surety/sdk/mcp-auth';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, test } from 'vitest';
import type { ByHand } from './by-hand.ts';
import { answer, classify, openQuestion, protect } from './company.ts';
import { type OfficialSystem, openOfficialSystem } from './official-system.ts';
import { until } from './recording-system.ts';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;
let shop: OfficialSystem;

const permissions: readonly Permission[] = [
  {
    system: 'shop',
    actions: ['refund'],
    where: { '/amount': { over: '0', max: '1000' } },
    hold: [{ when: { '/amount': { over: '250' } }, because: 'over its €250 limit' }],
  },
  { system: 'shop', actions: ['read_order', 'slow'] },
];

beforeAll(async () => {
  rig = await openRig({ env: { SURETY_HOLD_MS: '20000', SURETY_ACCESS_TOKEN_SECONDS: '30' } });
  shop = await openOfficialSystem();
  await protect(rig.maya, 'shop', shop.url);
  await classify(rig.maya, 'shop', 'refund', 'money');
});
afterAll(async () => {
  await rig?.checkLog();
  await rig?.close();
  await shop?.close();
});

type Era = '2026-07-28' | '2025-11-25';
const eras: readonly Era[] = ['2026-07-28', '2025-11-25'];

/** The official client with nothing of ours: it discovers the issuer, authenticates, proves each request by its own session. */
async function connect(agent: ByHand, era: Era): Promise<{ client: Client; tokens: () => string | undefined }> {
  const session = DpopSession.create({ keyPair: await mcpKeyPair(agent.key) });
  class Provider extends PrivateKeyJwtProvider {
    dpop(): Promise<DpopSession> {
      return session;
    }
  }
  const privateKey = { ...agent.key.privateJwk } as Record<string, unknown>;
  const authProvider = new Provider({ clientId: agent.id, privateKey, algorithm: 'ES256', expectedIssuer: rig.place.issuer });
  const client = new Client(
    { name: 'official', version: '1.0.0' },
    era === '2026-07-28' ? { versionNegotiation: { mode: 'auto' } } : {},
  );
  await client.connect(new StreamableHTTPClientTransport(new URL(`${rig.place.gateway}/mcp/shop`), { authProvider }));
  assert.equal(client.getNegotiatedProtocolVersion(), era);
  return { client, tokens: () => authProvider.tokens()?.access_token };
}

type Result = Awaited<ReturnType<Client['callTool']>>;
const textOf = ({ content }: Result): string => (Array.isArray(content) && content[0]?.type === 'text' ? content[0].text : '');
const facts = ({ structuredContent }: Result) => (structuredContent ?? {}) as Record<string, unknown>;

for (const era of eras) {
  test(`${era}: discovery, the list of what it may call, an allowed call, and who answers for it`, async () => {
    const name = `allowed-${era}`;
    const { client } = await connect(await rig.hire(name, { permissions }), era);
    const { tools } = await client.listTools();
    assert.deepEqual(tools.map((tool) => tool.name).toSorted(), ['read_order', 'refund', 'slow']);
    const result = await client.callTool({ name: 'refund', arguments: { order: name, amount: 61 } });
    assert.deepEqual([result.isError ?? false, textOf(result), facts(result)], [false, 'refunded 61', { refunded: 61 }]);
    assert.equal(shop.done.filter((one) => one === `refund ${name}`).length, 1);
    const { items } = await rig.maya.client.call(listActions, { agent: name });
    assert.deepEqual(
      items.map(({ operation, state }) => [operation, state]),
      [['refund', 'allowed']],
    );
    const { sentence } = await rig.maya.client.call(responsibleFor, { action: items[0]?.id as never });
    assert.match(sentence, /Maya Okafor/);
    await client.close();
  });

  test(`${era}: a refusal is a result that a model can act on`, async () => {
    const name = `refused-${era}`;
    const { client } = await connect(await rig.hire(name, { permissions }), era);
    const over = await client.callTool({ name: 'refund', arguments: { order: name, amount: 9_800 } });
    assert.equal(over.isError, true);
    assert.match(textOf(over), /^Denied: refund\..*at most 1000.*Action act_\w+\. Do not retry with other arguments/);
    const { status, reason, link, action } = facts(over);
    assert.deepEqual([status, reason, link], ['denied', 'mandate.constraint', 'mandate']);
    const { items } = await rig.maya.client.call(listActions, { agent: name });
    assert.deepEqual([items[0]?.id, items[0]?.state], [action, 'denied']);
    const hidden = await client.callTool({ name: 'payout', arguments: { order: name } });
    assert.deepEqual([hidden.isError, facts(hidden)['reason']], [true, 'mandate.silent']);
    assert.equal(
      shop.done.some((one) => one.endsWith(name)),
      false,
    );
    await client.close();
  });

  test(`${era}: a held call waits on its connection, says for whom, and runs once after the yes`, async () => {
    const agent = await rig.hire(`held-${era}`, { permissions });
    const { client } = await connect(agent, era);
    const said: string[] = [];
    const options = {
      onprogress: ({ message }: { message?: string | undefined }) => void said.push(message ?? ''),
      resetTimeoutOnProgress: true,
    };
    const asked = client.callTool({ name: 'refund', arguments: { order: agent.id, amount: 420 } }, options);
    const question = await openQuestion(rig.maya, agent.id);
    await until('the client is told for whom it waits', () => said.length > 0);
    assert.equal(
      shop.done.some((one) => one.endsWith(agent.id)),
      false,
    );
    const from = performance.now();
    await answer(rig.maya, question, true);
    const result = await asked;
    const ms = Math.round(performance.now() - from);
    assert.equal(textOf(result), 'refunded 420');
    assert.deepEqual([...new Set(said)], ['Waiting for Maya Okafor']);
    assert.equal(shop.done.filter((one) => one.endsWith(agent.id)).length, 1);
    assert.ok(ms < 2_000, `the call went on ${ms} ms after the yes`);
    await client.close();
  });

  test(`${era}: a no to a held call is told as one`, async () => {
    const agent = await rig.hire(`no-${era}`, { permissions });
    const { client } = await connect(agent, era);
    const asked = client.callTool({ name: 'refund', arguments: { order: agent.id, amount: 420 } });
    await answer(rig.maya, await openQuestion(rig.maya, agent.id), false);
    const result = await asked;
    assert.deepEqual([result.isError, facts(result)['reason']], [true, 'approval.refused']);
    await client.close();
  });

  test(`${era}: progress of the system reaches the client, and its cancel reaches the system`, async () => {
    const agent = await rig.hire(`slow-${era}`, { permissions });
    const { client } = await connect(agent, era);
    const before = shop.cancelled();
    const leaving = new AbortController();
    let steps = 0;
    const onprogress = ({ total }: { total?: number | undefined }): void => {
      assert.equal(total, 200);
      if (++steps === 5) leaving.abort('enough');
    };
    await assert.rejects(
      client.callTool({ name: 'slow', arguments: { order: agent.id } }, { signal: leaving.signal, onprogress }),
    );
    assert.ok(steps >= 5);
    await until('the system saw the cancel', () => shop.cancelled() === before + 1);
    await until(
      'the record says cut',
      async () => (await rig.maya.client.call(listActions, { agent: `slow-${era}` })).items[0]?.state === 'cut',
    );
    await client.close();
  });

  test(`${era}: the client gets a new token by itself when its token has expired, or what it stood for has ended`, async () => {
    const agent = await rig.hire(`renewed-${era}`, { permissions });
    const { client, tokens } = await connect(agent, era);
    const first = tokens();
    const call = async (order: string) => textOf(await client.callTool({ name: 'read_order', arguments: { order } }));
    assert.equal(await call('1'), '1');
    assert.equal(tokens(), first);
    await rig.ahead(45_000, async () => assert.equal(await call('2'), '2'));
    const second = tokens();
    assert.notEqual(second, first);
    await rig.maya.client.call(endTask, { task: decodeJwt(second ?? '')['task'] as TaskId });
    assert.equal(await call('3'), '3');
    assert.notEqual(tokens(), second);
    await client.close();
  });
}
