import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A listening address. Until it serves, it answers 503. */
export type Door = {
  readonly host: string;
  /** The port it listens on: the one asked for, or the next that was free. */
  readonly port: number;
  serve(listener: RequestListener): void;
  /** Takes no more, lets what is under way end for at most `drainMs`, then cuts it. */
  close(drainMs: number): Promise<void>;
};

export type DoorOptions = {
  readonly host: string;
  readonly port: number;
  /** TLS ends here, and a client may show a certificate (RFC 8705). PEM. Which certificates count is not looked at here. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
};

/** How many ports are tried, beginning with the one asked for. */
const maxTries = 20;

/** A certificate is asked for; the handshake proves that the client holds its key, and no authority has to vouch for it. */
const asksCertificate = { requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' } as const;

/** Limits of one request, in milliseconds: a client that is slower than this is cut off. */
const limits = { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 72_000 } as const;

/**
 * Listens, before anything is known about who will answer: the public address may depend on the port. A port that is taken
 * is passed over for the next; port 0 takes any. Throws what the system says of an address that cannot be had.
 */
export async function openDoor({ host, port, tls }: DoorOptions): Promise<Door> {
  let listener: RequestListener = (_request, response) =>
    void response.writeHead(503, { 'retry-after': '1', 'content-length': 0 }).end();
  const options = { ...limits, insecureHTTPParser: false, requireHostHeader: true };
  const answer: RequestListener = (request, response) => listener(request, response);
  const server =
    tls === undefined ? createServer(options, answer) : createTlsServer({ ...options, ...tls, ...asksCertificate }, answer);
  server.on('clientError', (_thrown, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  });
  const bound = await bindNext(server, host, port);
  return {
    host,
    port: bound,
    serve: (next) => {
      listener = next;
    },
    close: (drainMs) => closeDoor(server, drainMs),
  };
}

async function bindNext(server: Server, host: string, first: number): Promise<number> {
  for (let tries = 0; ; tries++) {
    try {
      return await bind(server, host, first === 0 ? 0 : first + tries);
    } catch (thrown) {
      const isTaken = thrown instanceof Error && 'code' in thrown && thrown.code === 'EADDRINUSE';
      if (!isTaken || first === 0 || tries + 1 >= maxTries || first + tries >= 65_535) throw thrown;
    }
  }
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** A connection that is kept alive becomes idle with its last answer, so idle ones are looked for until none is left. */
async function closeDoor(server: Server, drainMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const sweep = setInterval(() => server.closeIdleConnections(), 20);
  const timer = setTimeout(() => server.closeAllConnections(), drainMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(timer);
}
