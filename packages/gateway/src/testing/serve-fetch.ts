import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Served = { readonly url: string; close(): Promise<void> };

/** Serves a web-standard handler on a loopback port. */
export async function serveFetch(handle: (request: Request) => Promise<Response>): Promise<Served> {
  const server = createServer((request, response) => {
    answer(handle, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
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
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const { method = 'GET', headers, url = '/' } = incoming;
  const body = method === 'GET' || method === 'HEAD' ? {} : { body: Buffer.concat(chunks) };
  const given = Object.entries(headers).map(([name, value]) => [name, String(value)] as [string, string]);
  const response = await handle(
    new Request(`http://${headers.host ?? '127.0.0.1'}${url}`, { method, headers: given, signal: gone.signal, ...body }),
  );
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.flushHeaders();
  for await (const bytes of response.body ?? [])
    if (!outgoing.write(bytes)) await new Promise((resolve) => outgoing.once('drain', resolve));
  outgoing.end();
}
