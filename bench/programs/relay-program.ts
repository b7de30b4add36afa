import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Dispatcher, Pool } from 'undici';
import { answerParent } from './answer-parent.ts';

export type RelayStart = { readonly upstream: string; readonly secret: string };
export type RelayStarted = { readonly port: number };

/** Nothing but a relay: passes a request on over kept connections with the system's credential, and the answer back. */
async function start({ upstream, secret }: RelayStart): Promise<RelayStarted> {
  const pool = new Pool(upstream, { connections: 64, pipelining: 1 });
  const server = createServer((request, response) => relay(pool, secret, request, response));
  await new Promise<void>((done) => server.listen({ host: '127.0.0.1', port: 0 }, done));
  return { port: (server.address() as AddressInfo).port };
}

const hopByHop = ['connection', 'keep-alive', 'transfer-encoding', 'host', 'dpop'];

function relay(pool: Pool, secret: string, request: IncomingMessage, response: ServerResponse): void {
  const headers: Record<string, string | string[] | undefined> = { ...request.headers, authorization: secret };
  for (const name of hopByHop) delete headers[name];
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart: () => {},
    onResponseStart: (_controller, status, given) => {
      for (const name of hopByHop) delete given[name];
      response.writeHead(status, given);
    },
    onResponseData: (_controller, chunk) => void response.write(chunk),
    onResponseEnd: () => void response.end(),
    onResponseError: () => void response.destroy(),
  };
  pool.dispatch({ path: request.url ?? '/', method: 'POST', headers, body: request }, handler);
}

answerParent({ start }, async () => {});
