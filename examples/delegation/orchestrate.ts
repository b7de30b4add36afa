import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { type Surety, surety } from '@surety/sdk/surety';

/** The agents' part: a planner hands two pieces of one task to two others. Each is the official MCP client with our `fetch`. */

const [order = '8841'] = process.argv.slice(2);
const planner = surety({ agent: 'planner' });
const reader = surety({ agent: 'order-reader' });
const clerk = surety({ agent: 'refund-clerk' });

// To read this order, and no other; nobody below it.
const toRead = await planner.delegate(reader.clientId, {
  details: [planner.action('shop', 'read_order', { '/order': { in: [order] } })],
  depth: 0,
});
const reading = await reader.exchange(toRead.value, { resource: reader.gateway('shop') });
const found = await call(reading, 'shop', 'read_order', { order });
console.log(`order-reader: ${found}`);
console.log(`order-reader, another order: ${await call(reading, 'shop', 'read_order', { order: '8842' })}`);

// To refund this order, up to what was paid for it.
const paid = Number(/"total":(\d+)/.exec(found)?.[1] ?? 0);
const toRefund = await planner.delegate(clerk.clientId, {
  details: [planner.action('payments', 'refund', { '/order': { in: [order] }, '/amount': { over: '0', max: String(paid) } })],
  depth: 0,
});
const refunding = await clerk.exchange(toRefund.value, { resource: clerk.gateway('payments') });
console.log(`refund-clerk, too much: ${await call(refunding, 'payments', 'refund', { order, amount: paid + 1 })}`);
console.log(`refund-clerk: ${await call(refunding, 'payments', 'refund', { order, amount: paid })}`);
console.log(`one task above, two below: ${[planner, reading, refunding].map((agent) => agent.task()).join(' ')}`);

async function call(agent: Surety, system: string, name: string, args: Record<string, unknown>): Promise<string> {
  const client = new Client({ name: 'example', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new StreamableHTTPClientTransport(new URL(agent.gateway(system)), { fetch: agent.fetch }));
  const { content } = await client.callTool({ name, arguments: args });
  await client.close();
  return content.map((part) => (part.type === 'text' ? part.text : part.type)).join(' ');
}
