import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A tool of a made-up office: its parameters, and what comes back. */
export type OfficeTool = {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, object>>;
  readonly outputSchema?: object;
  readonly answer: (args: Readonly<Record<string, unknown>>) => object;
};

/** A protected MCP server whose tools are what a test says, and which keeps what it was called with. */
export type OfficeSystem = {
  readonly url: string;
  readonly calls: { readonly tool: string; readonly args: Readonly<Record<string, unknown>> }[];
  /** Said before the next answer, on its stream. */
  notices: string[];
  close(): Promise<void>;
};

export const says = (text: string): object => ({ content: [{ type: 'text', text }] });

export async function openOffice(tools: Readonly<Record<string, OfficeTool>>): Promise<OfficeSystem> {
  const calls: OfficeSystem['calls'] = [];
  const office = { calls, notices: [] as string[] };
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const message = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
        id?: number;
        method: string;
        params?: { name: string; arguments?: Record<string, unknown> };
      };
      if (message.id === undefined) return void response.writeHead(202).end();
      const body = JSON.stringify({ jsonrpc: '2.0', id: message.id, ...replyTo(tools, calls, message) });
      const notices = office.notices.splice(0);
      if (notices.length === 0) return void response.writeHead(200, { 'content-type': 'application/json' }).end(body);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const text of notices) {
        const notice = { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: text } };
        response.write(`data: ${JSON.stringify(notice)}\n\n`);
      }
      response.end(`data: ${body}\n\n`);
    })().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(office, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  });
}

function replyTo(
  tools: Readonly<Record<string, OfficeTool>>,
  calls: OfficeSystem['calls'],
  {
    method,
    params,
  }: { readonly method: string; readonly params?: { readonly name: string; readonly arguments?: Record<string, unknown> } },
): object {
  if (method === 'initialize')
    return {
      result: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'office', version: '1' } },
    };
  if (method === 'tools/list') {
    const all = Object.entries(tools).map(([name, { description = name, properties = {}, outputSchema }]) => ({
      name,
      description,
      inputSchema: { type: 'object', properties },
      ...(outputSchema === undefined ? {} : { outputSchema }),
    }));
    return { result: { resultType: 'complete', tools: all } };
  }
  const tool = params === undefined ? undefined : tools[params.name];
  if (method !== 'tools/call' || params === undefined || tool === undefined)
    return { error: { code: -32_601, message: 'not here' } };
  const args = params.arguments ?? {};
  calls.push({ tool: params.name, args });
  return { result: { resultType: 'complete', ...tool.answer(args) } };
}
