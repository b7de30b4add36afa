import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerParent } from './answer-parent.ts';

export type UpstreamStart = { readonly secret: string };
export type UpstreamStarted = { readonly port: number };

/** What every answer holds, so that it can be told from a refusal. About a kilobyte with what is around it. */
const record = { found: true, customer: 'c-20418', notes: 'x'.repeat(800) };

let seen = 0;

/** The quickest MCP server there is: one tool call in, one JSON answer out, once the system's own credential is there. */
async function start({ secret }: UpstreamStart): Promise<UpstreamStarted> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request, response, { secret, body: Buffer.concat(chunks) }));
  });
  await new Promise<void>((done) => server.listen({ host: '127.0.0.1', port: 0 }, done));
  return { port: (server.address() as AddressInfo).port };
}

function answer(request: IncomingMessage, response: ServerResponse, { secret, body }: { secret: string; body: Buffer }): void {
  if (request.headers.authorization !== secret) return void response.writeHead(401, { 'content-length': 0 }).end();
  seen++;
  const { id } = JSON.parse(body.toString('utf8')) as { id: number };
  const result = { content: [{ type: 'text', text: JSON.stringify(record) }], resultType: 'complete' };
  const text = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, result }));
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length }).end(text);
}

answerParent({ start, seen: () => seen }, async () => {});
