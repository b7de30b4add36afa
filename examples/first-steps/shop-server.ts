import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';

/** A small MCP server to protect: `node examples/first-steps/shop-server.ts [port]`. Takes requests that carry its own key. */

const [port = '8080'] = process.argv.slice(2);
const ownKey = process.env['SHOP_KEY'] ?? 'shop-secret';

const orders = new Map([
  ['8839', { order: '8839', customer: 'Lena Fischer', total: 61, status: 'lost on the way' }],
  ['8841', { order: '8841', customer: 'Paul Moreau', total: 420, status: 'lost on the way' }],
]);

function shop(): McpServer {
  const server = new McpServer({ name: 'shop', version: '1.0.0' });
  server.registerTool(
    'read_order',
    { description: 'Read one order.', inputSchema: z.object({ order: z.string() }), annotations: { readOnlyHint: true } },
    async ({ order }) => say(orders.get(order) ?? { problem: 'there is no such order' }),
  );
  server.registerTool(
    'refund',
    { description: 'Pay money back for an order.', inputSchema: z.object({ order: z.string(), amount: z.number().positive() }) },
    async ({ order, amount }) => say({ refunded: amount, order }),
  );
  return server;
}

function say(content: Record<string, unknown>) {
  return { content: [{ type: 'text' as const, text: JSON.stringify(content) }], structuredContent: content };
}

const mcp = createMcpHandler(shop);

async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  if (incoming.headers['x-api-key'] !== ownKey) return void outgoing.writeHead(401).end('who are you?\n');
  const { method = 'GET', url = '/' } = incoming;
  const headers = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)] satisfies [string, string]);
  const body = method === 'POST' ? { body: Readable.toWeb(incoming) as ReadableStream, duplex: 'half' as const } : {};
  const said = await mcp.fetch(new Request(`http://127.0.0.1${url}`, { method, headers, ...body }));
  outgoing.writeHead(said.status, Object.fromEntries(said.headers));
  for await (const bytes of said.body ?? []) outgoing.write(bytes);
  outgoing.end();
}

const listener = createServer((incoming, outgoing) => {
  answer(incoming, outgoing).catch(() => outgoing.destroy());
});
listener.listen(Number(port), '127.0.0.1', () => console.log(`the shop listens at http://127.0.0.1:${port}/mcp`));
