import { acceptedContent, createMcpHandler, fromJsonSchema, inputRequired, McpServer } from '@modelcontextprotocol/server';
import { setTimeout as pause } from 'node:timers/promises';
import { type Served, serveFetch } from '../src/testing/serve-fetch.ts';

/** A system made with the official SDK, for callers of both protocol versions. */
export async function openSdkSystem(): Promise<Served> {
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'shop', version: '1' });
    const anything = fromJsonSchema<Record<string, unknown>>({ type: 'object' });
    server.registerTool('refund', { description: 'Gives money back.', inputSchema: anything }, (args) => ({
      content: [{ type: 'text', text: JSON.stringify(args) }],
    }));
    server.registerTool('drop_all', { description: 'Drops everything.', inputSchema: anything }, () => ({ content: [] }));
    server.registerTool('big', { description: 'Says a lot.', inputSchema: anything }, () => ({
      content: [{ type: 'text', text: 'x'.repeat(8 << 20) }],
    }));
    server.registerTool('slow', { description: 'Takes its time.', inputSchema: anything }, async (_args, { mcpReq }) => {
      for (let step = 1; step <= 50 && !mcpReq.signal.aborted; step++) {
        await mcpReq.notify({
          method: 'notifications/progress',
          params: { progressToken: mcpReq._meta?.progressToken ?? 0, progress: step, total: 50 },
        });
        await pause(20);
      }
      return { content: [{ type: 'text', text: 'slow' }] };
    });
    server.registerTool('ask', { description: 'Asks first.', inputSchema: anything }, (_args, { mcpReq }) => {
      const answer = acceptedContent(mcpReq.inputResponses, 'sure');
      const question = {
        message: 'Sure?',
        requestedSchema: { type: 'object', properties: { yes: { type: 'boolean' } } },
      } as const;
      return answer === undefined
        ? inputRequired({ inputRequests: { sure: inputRequired.elicit(question) } })
        : { content: [{ type: 'text', text: JSON.stringify(answer) }] };
    });
    server.registerPrompt('greet', { description: 'Greets.' }, () => ({
      messages: [{ role: 'user', content: { type: 'text', text: 'Hello' } }],
    }));
    server.registerResource('note', 'note://one', { mimeType: 'text/plain' }, (uri) => ({
      contents: [{ uri: uri.href, text: 'One' }],
    }));
    return server;
  });
  const served = await serveFetch((request) => handler.fetch(request));
  return { url: `${served.url}/mcp`, close: async () => (await handler.close(), served.close()) };
}
