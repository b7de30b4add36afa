import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { Client, DpopSession, type OAuthClientProvider, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { openBridge } from '@surety/cli/bridge/open-bridge';
import { argumentKinds } from '@surety/cli/mcp/argument-kinds';
import { readArguments, splitArguments } from '@surety/cli/mcp/arguments';
import { callTool } from '@surety/cli/mcp/call-tool';
import { findSchema } from '@surety/cli/mcp/find-schema';
import { readVerdict } from '@surety/cli/mcp/read-verdict';
import { createSigningKey, type SigningKey } from '@surety/sdk/agent-key';
import { createFetch } from '@surety/sdk/dpop-fetch';
import { McpAuth, mcpKeyPair } from '@surety/sdk/mcp-auth';
import { resourceAt } from '@surety/sdk/surety';
import { createTokenSource, type Fetch } from '@surety/sdk/token-source';
import { afterEach, beforeEach, test } from 'vitest';
import * as z from 'zod';
import { type AskedBy, type StandIn, startStandIn } from '../../sdk/test/stand-in.ts';

const clientId = 'agt_01k9z7qh4m8y2c3d4e5f6g7h8j';
let server: StandIn;
let key: SigningKey;
let fetch: Fetch;

beforeEach(async () => {
  server = await startStandIn();
  key = await createSigningKey();
  server.enrol(clientId, key.publicJwk);
  server.mcp = serveOfficial;
  const tokens = createTokenSource({ issuer: server.url, clientId, key: async () => key });
  fetch = createFetch({ tokens, key: async () => key, resourceOf: (url) => resourceAt(url, server.url, server.url) });
});
afterEach(() => server.close());

const handler = createMcpHandler(() => {
  const mcp = new McpServer({ name: 'shop', version: '1' });
  mcp.registerTool(
    'refund',
    { description: 'refund an order', inputSchema: z.object({ order: z.number(), amount: z.number() }) },
    async ({ order, amount }) => ({
      content: [{ type: 'text', text: `refunded ${amount} on ${order}` }],
    }),
  );
  mcp.registerTool('fail', { description: 'fails', inputSchema: z.object({}) }, async () => ({
    isError: true,
    content: [{ type: 'text', text: 'no such order' }],
  }));
  return mcp;
});

/** The official server behind the guard that stands in here. */
async function serveOfficial(request: IncomingMessage, body: Buffer, response: ServerResponse, _by: AskedBy): Promise<void> {
  const headers = new Headers(
    Object.entries(request.headers).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
  const answer = await handler.fetch(
    new Request(`${server.url}${request.url}`, {
      method: request.method ?? 'GET',
      headers,
      ...(body.length === 0 ? {} : { body: new Uint8Array(body) }),
    }),
  );
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  if (answer.body === null) return void response.end();
  Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]).pipe(response);
}

async function refundThrough(transport: StreamableHTTPClientTransport, mode: 'auto' | undefined): Promise<string | undefined> {
  const client = new Client({ name: 'test', version: '1' }, mode === undefined ? {} : { versionNegotiation: { mode } });
  await client.connect(transport);
  const { tools } = await client.listTools();
  assert.deepEqual(
    tools.map(({ name }) => name),
    ['refund', 'fail'],
  );
  const { content } = await client.callTool({ name: 'refund', arguments: { order: 8841, amount: 61 } });
  assert.deepEqual(content, [{ type: 'text', text: 'refunded 61 on 8841' }]);
  const version = client.getNegotiatedProtocolVersion();
  await client.close();
  return version;
}

test('the command line speaks to the official server: 2026-07-28, a result, and an error of the tool', async () => {
  const place = {
    url: `${server.url}/mcp/shop`,
    fetch,
    signal: new AbortController().signal,
    version: '0.1.0',
    onProgress: () => undefined,
  };
  const call = async (tool: string, words: readonly string[]) => {
    const schema = await findSchema(place, tool);
    assert.ok(schema, tool);
    return readVerdict(
      await callTool(place, { tool, schema, arguments: readArguments(splitArguments(words, []), argumentKinds(schema)) }),
    );
  };
  const done = await call('refund', ['order=8841', 'amount=61']);
  assert.deepEqual([done.state, done.text], ['allowed', 'refunded 61 on 8841']);
  const failed = await call('fail', []);
  assert.deepEqual([failed.state, failed.text], ['failed', 'no such order']);
  assert.equal(await findSchema(place, 'absent'), undefined);
});

test('the official client works with our fetch and nothing else, in both protocols, also after its token ended', async () => {
  const url = new URL(`${server.url}/mcp/shop`);
  assert.equal(await refundThrough(new StreamableHTTPClientTransport(url, { fetch }), 'auto'), '2026-07-28');
  server.endTokens();
  server.turnNonces();
  assert.match((await refundThrough(new StreamableHTTPClientTransport(url, { fetch }), undefined)) ?? '', /^2025-/);
});

test('the official client works with our provider and its own DPoP session; the private key is never read out', async () => {
  const session = await DpopSession.create({ keyPair: await mcpKeyPair(key) });
  const authProvider: OAuthClientProvider = new McpAuth({ issuer: server.url, clientId, key, session });
  const transport = new StreamableHTTPClientTransport(new URL(`${server.url}/mcp/shop`), { authProvider });
  assert.equal(await refundThrough(transport, 'auto'), '2026-07-28');
  assert.equal(server.tokenRequests.at(-1)?.get('resource'), `${server.url}/mcp/shop`);
});

test('a client that knows no keys works through the bridge, in both protocols', async () => {
  const bridge = await openBridge({
    port: 0,
    targets: new Map([['/mcp/shop', `${server.url}/mcp/shop`]]),
    fetch,
    note: () => undefined,
  });
  try {
    const url = new URL(`${bridge.url}/mcp/shop`);
    assert.equal(await refundThrough(new StreamableHTTPClientTransport(url), 'auto'), '2026-07-28');
    assert.match((await refundThrough(new StreamableHTTPClientTransport(url), undefined)) ?? '', /^2025-/);
  } finally {
    await bridge.close();
  }
});
