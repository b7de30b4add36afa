import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { surety } from '@surety/sdk/surety';

const agent = surety({ agent: 'refund-bot' });
const client = new Client({ name: 'refund-bot', version: '1.0.0' });
await client.connect(new StreamableHTTPClientTransport(new URL(agent.gateway('shop')), { fetch: agent.fetch }));

console.log(JSON.stringify(await client.callTool({ name: 'read_order', arguments: { order: '8839' } })));
await client.close();
