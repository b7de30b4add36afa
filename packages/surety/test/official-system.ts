import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';

/** A protected system made with the official SDK, for callers of both protocol versions. */
export type OfficialSystem = {
  readonly url: string;
  /** Calls that were carried out, as `tool order`. */
  readonly done: readonly string[];
  /** How many calls of `slow` saw that they were cancelled. */
  cancelled(): number;
  close(): Promise<void>;
};

export async function openOfficialSystem(): Promise<OfficialSystem> {
  const done: string[] = [];
  let cancelled = 0;
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'shop', version: '1.0.0' });
    const order = z.object({ order: z.string() });
    server.registerTool(
      'refund',
      { description: 'Gives money back.', inputSchema: order.extend({ amount: z.number() }) },
      ({ order: name, amount }) => {
        done.push(`refund ${name}`);
        return { content: [{ type: 'text', text: `refunded ${amount}` }], structuredContent: { refunded: amount } };
      },
    );
    server.registerTool('read_order', { description: 'Reads one order.', inputSchema: order }, ({ order: name }) => ({
      content: [{ type: 'text', text: name }],
    }));
    server.registerTool('payout', { description: 'Pays out.', inputSchema: order }, () => ({ content: [] }));
    server.registerTool('slow', { description: 'Takes its time.', inputSchema: order }, async (_args, { mcpReq }) => {
      for (let step = 1; step <= 200 && !mcpReq.signal.aborted; step++) {
        await mcpReq.notify({
          method: 'notifications/progress',
          params: { progressToken: mcpReq._meta?.progressToken ?? 0, progress: step, total: 200 },
        });
        await pause(25);
      }
      if (mcpReq.signal.aborted) cancelled++;
      return { content: [{ type: 'text', text: 'slow' }] };
    });
    return server;
  });
  const server = createServer(
    (request, response) => void answer((asked) => handler.fetch(asked), request, response).catch(() => response.destroy()),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    done,
    cancelled: () => cancelled,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await handler.close();
    },
  };
}

async function answer(
  handle: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort());
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { method = 'GET', headers, url = '/' } = incoming;
  const body = method === 'POST' ? { body: Buffer.concat(chunks) } : {};
  const request = new Request(`http://127.0.0.1${url}`, {
    method,
    headers: headers as Record<string, string>,
    signal: gone.signal,
    ...body,
  });
  const response = await handle(request);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  for await (const bytes of response.body ?? []) outgoing.write(bytes);
  outgoing.end();
}
