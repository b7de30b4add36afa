import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TraceTool } from './trace.ts';

/** A protected MCP server that has the tools of a recorded agent, and answers the next call with what was recorded. */
export type RecordedSystem = {
  readonly url: string;
  /** What the next call is answered with. */
  answerNext(result: object): void;
  /** How many calls have come through. */
  calls(): number;
  close(): Promise<void>;
};

type Message = { readonly id?: number | string; readonly method: string; readonly params?: { readonly name?: string } };

const serverInfo = { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'recorded', version: '1' } };

export async function openRecordedSystem(tools: readonly TraceTool[]): Promise<RecordedSystem> {
  let next: object = { content: [] };
  let calls = 0;
  const replyTo = ({ method, params }: Message): object => {
    if (method === 'initialize') return { result: serverInfo };
    if (method === 'tools/list') return { result: { resultType: 'complete', tools } };
    if (method !== 'tools/call' || !tools.some(({ name }) => name === params?.name))
      return { error: { code: -32_601, message: 'There is no such tool here.' } };
    calls++;
    return { result: { resultType: 'complete', ...next } };
  };
  const server = createServer((request, response) => {
    if (request.method !== 'POST') return void response.writeHead(405).end();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const message = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Message;
      if (message.id === undefined) return void response.writeHead(202).end();
      const body = JSON.stringify({ jsonrpc: '2.0', id: message.id, ...replyTo(message) });
      response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    answerNext: (result) => void (next = result),
    calls: () => calls,
    close: async () => {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
    },
  };
}
