import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SuretyError } from '@surety/sdk/surety-error';
import type { Fetch } from '@surety/sdk/token-source';
import { usage } from '../cli-error.ts';

export type BridgeOptions = {
  readonly port: number;
  /** From the path here to the address of the guarded system. */
  readonly targets: ReadonlyMap<string, string>;
  /** Adds token and proof. */
  readonly fetch: Fetch;
  readonly note: (line: string) => void;
};

export type Bridge = { readonly url: string; readonly close: () => Promise<void> };

/** The largest message a client sends. It is held whole, because it is sent again when a nonce or token has to be renewed. */
const maxBytes = 16 << 20;

/** Headers that belong to one connection (RFC 9110 §7.6.1), or that we set ourselves. */
const ownHeaders = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'host',
  'origin',
  'referer',
  'cookie',
  'authorization',
  'dpop',
  'content-length',
  'accept-encoding',
  'forwarded',
  'x-forwarded-for',
]);

/** Headers of an answer that would be untrue here: it was unpacked, and the challenge is answered by us. */
const droppedHeaders = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-encoding',
  'content-length',
  'dpop-nonce',
  'www-authenticate',
  'set-cookie',
  'alt-svc',
]);

/**
 * Listens on the loopback interface only. Whatever arrives acts as the agent, so a page in a browser must not reach it:
 * the Host must be this very address, and an Origin one of this computer (DNS rebinding; MCP, Streamable HTTP,
 * "Security warning"). Requests go on whole, answers as they come; when the client leaves, the call upstream is cut.
 */
export async function openBridge(options: BridgeOptions): Promise<Bridge> {
  const server = createServer({ requestTimeout: 0 });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? usage(`Port ${options.port} is taken.`, 'Choose another with --port, or 0 for any.')
          : error,
      ),
    );
    server.listen(options.port, '127.0.0.1', () => resolve());
  });
  const { port } = server.address() as AddressInfo;
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    void relay(request, response, { ...options, port }).catch(() => response.destroy());
  });
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function relay(request: IncomingMessage, response: ServerResponse, bridge: BridgeOptions): Promise<void> {
  if (!isFromHere(request, bridge.port))
    return refuse(response, 403, {
      title: 'Only this computer reaches the bridge',
      next: 'Use the address that "surety bridge" printed.',
    });
  const target = bridge.targets.get((request.url ?? '').split('?')[0] ?? '');
  if (target === undefined)
    return refuse(response, 404, {
      title: 'There is no such system at this bridge',
      next: `It has: ${[...bridge.targets.keys()].join(', ')}.`,
    });
  const body = await readBody(request);
  if (body === undefined)
    return refuse(response, 413, { title: 'The message is too large', next: `Send at most ${maxBytes} bytes.` });

  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  try {
    const method = request.method ?? 'GET';
    const headers = headersOf(request);
    const answer = await bridge.fetch(target, {
      method,
      headers,
      signal: gone.signal,
      redirect: 'manual',
      ...(body.length === 0 ? {} : { body }),
    });
    await passOn(answer, response);
  } catch (thrown) {
    if (gone.signal.aborted) return;
    if (!(thrown instanceof SuretyError)) throw thrown;
    bridge.note(`${thrown.code}: ${thrown.title}. ${thrown.next}`);
    const { code, title, next, why, requestId } = thrown;
    refuse(response, thrown.code === 'local.unreachable' ? 502 : 403, { code, title, next, why, requestId });
  }
}

/** A 401 is ours to answer, and we could not; passed on it would send the client looking for a place to sign in. */
async function passOn(answer: Response, response: ServerResponse): Promise<void> {
  const headers = [...answer.headers].filter(([name]) => !droppedHeaders.has(name));
  response.writeHead(answer.status === 401 ? 403 : answer.status, Object.fromEntries(headers));
  response.flushHeaders();
  if (answer.body === null) return void response.end();
  await pipeline(Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]), response);
}

function isFromHere({ headers }: IncomingMessage, port: number): boolean {
  const host = headers.host ?? '';
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) return false;
  if (headers.origin === undefined) return true;
  const origin = URL.parse(headers.origin);
  return origin !== null && ['127.0.0.1', 'localhost', '[::1]'].includes(origin.hostname);
}

function headersOf({ headers }: IncomingMessage): Headers {
  const kept = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !ownHeaders.has(name)) kept.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return kept;
}

async function readBody(request: IncomingMessage): Promise<Buffer<ArrayBuffer> | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refuse(response: ServerResponse, status: number, problem: object): void {
  response.writeHead(status, { 'content-type': 'application/problem+json', connection: status === 413 ? 'close' : 'keep-alive' });
  response.end(JSON.stringify({ type: 'about:blank', status, ...problem }));
}
