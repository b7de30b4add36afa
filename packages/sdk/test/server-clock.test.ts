import assert from 'node:assert/strict';
import { test } from 'vitest';
import { createSigningKey } from '../src/agent-key.ts';
import { createFetch } from '../src/dpop-fetch.ts';
import { createServerClock } from '../src/server-clock.ts';
import { createTokenEndpoint } from '../src/token-endpoint.ts';
import { createTokenSource } from '../src/token-source.ts';
import { startStandIn } from './stand-in.ts';

const at = (ms: number): Response => new Response(null, { headers: { date: new Date(ms).toUTCString() } });

test('only a difference that matters, and that is not somebody else’s mistake, is taken', () => {
  const clock = createServerClock(() => 1_000_000_000_000);
  assert.equal(clock.learn(at(1_000_000_003_000)), false);
  assert.equal(clock.learn(new Response()), false);
  assert.equal(clock.learn(at(1_000_000_000_000 + 48 * 3_600_000)), false);
  assert.equal(clock.now(), 1_000_000_000_000);
  assert.equal(clock.learn(at(999_999_400_000)), true);
  assert.equal(clock.now(), 999_999_400_000);
  assert.equal(clock.learn(at(999_999_401_000)), false, 'it is known now, so it is no reason to try again');
});

test('an agent whose clock is ten minutes off gets its token and its answers', async () => {
  const server = await startStandIn();
  try {
    const clientId = 'agt_01k9z7qh4m8y2c3d4e5f6g7h8j';
    const key = await createSigningKey();
    server.enrol(clientId, key.publicJwk);
    server.mcp = (_request, _body, response) => void response.end('ok');
    const now = () => Date.now() + 600_000;
    const held = { issuer: server.url, clientId, key: async () => key, now };
    const endpoint = createTokenEndpoint(held);
    const tokens = createTokenSource({ ...held, endpoint });
    const resource = `${server.url}/mcp/shop`;
    const fetch = createFetch({ tokens, key: held.key, resourceOf: () => ({ resource }), clock: endpoint.clock });
    assert.equal(await (await fetch(resource, { method: 'POST', body: '1' })).text(), 'ok');
    const alone = createFetch({ tokens, key: held.key, resourceOf: () => ({ resource }), now });
    assert.equal(await (await alone(resource, { method: 'POST', body: '1' })).text(), 'ok');
  } finally {
    await server.close();
  }
});
