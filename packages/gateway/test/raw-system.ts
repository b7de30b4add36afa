import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json } from './raw-caller.ts';

export type Received = {
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  readonly message: Json | undefined;
};
export type RawSystem = { readonly url: string; readonly server: Server; readonly received: Received[]; close(): Promise<void> };

/** A system of our own making that answers as the test says, however badly. */
export async function openRawSystem(
  answer: (received: Received, response: ServerResponse, request: IncomingMessage) => void,
): Promise<RawSystem> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const one = {
        method: request.method ?? '',
        headers: request.headers,
        text,
        message: text === '' ? undefined : (JSON.parse(text) as Json),
      };
      received.push(one);
      answer(one, response, request);
    });
    response.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    server,
    received,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

export function answerJson(response: ServerResponse, body: object, status = 200, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

export const resultOf = (id: unknown, result: object): object => ({ jsonrpc: '2.0', id, result });
export const textResult = (id: unknown, text: string): object =>
  resultOf(id, { resultType: 'complete', content: [{ type: 'text', text }] });
export const event = (message: object): string => `event: message\ndata: ${JSON.stringify(message)}\n\n`;
export const progress = (progressToken: unknown, value: number): object => ({
  jsonrpc: '2.0',
  method: 'notifications/progress',
  params: { progressToken, progress: value, total: 100 },
});
