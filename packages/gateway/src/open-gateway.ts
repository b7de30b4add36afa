import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { GuardHouse, PeerCertificate } from '@surety/contract/enforcement';
import { answerRequest } from './answer-request.ts';
import { type Addresses, addressesAt } from './front/addresses.ts';
import { foreignRequestTest } from './front/foreign-request.ts';
import { listen } from './front/listen.ts';
import { defaultLimits, type GatewayLimits } from './limits.ts';
import { errorFields, type GatewayLog } from './log.ts';
import { createCallsUnderWay } from './mcp/calls-under-way.ts';
import type { Guard } from './mcp/guard.ts';
import { createMcpSessions } from './mcp/mcp-session.ts';
import { createParameterHeaders } from './mcp/parameter-headers.ts';
import { createUpstreams } from './upstream/upstreams.ts';

/** What serves behind an open door. */
export type GatewayServing = {
  readonly house: GuardHouse;
  /** The authorization server whose tokens are taken. */
  readonly issuer: string;
  readonly limits?: Partial<GatewayLimits> | undefined;
  readonly log: GatewayLog;
  /** 32 bytes that guards of one deployment share, so that a session opened at one is found at another. */
  readonly sessionKey?: Uint8Array | undefined;
  /** The certificate of a caller's connection (RFC 8705); never one, when left out. */
  readonly certificateOf?: ((request: IncomingMessage) => PeerCertificate | undefined) | undefined;
};

export type DoorOptions = {
  /** How callers reach the guard: the root of every resource and `htu`. Left out, it is the address that is listened on. */
  readonly publicUrl?: string | undefined;
  readonly host: string;
  /** Taken, the next free one is used. 0: any. */
  readonly port: number;
};

export type GatewayOptions = DoorOptions & GatewayServing;

export type Gateway = {
  readonly url: string;
  readonly port: number;
  /** Answers the same at another address: where callers show certificates, which is for no browser. */
  readonly listener: RequestListener;
  close(): Promise<void>;
};

/** A listening address of the guard. Until it serves, it answers 503. */
export type GatewayDoor = {
  readonly url: string;
  readonly port: number;
  serve(serving: GatewayServing): Gateway;
  close(): Promise<void>;
};

/** How long closing waits for calls that were cut to be recorded and told. */
const closeMs = 3_000;

/**
 * Opens the guard: one listener that protects every system of the house at `/mcp/{system}`. No request passes without a
 * token and a proof, and no call without a decision of the house.
 */
export async function openGateway({ publicUrl, host, port, ...serving }: GatewayOptions): Promise<Gateway> {
  return (await openGatewayDoor({ publicUrl, host, port })).serve(serving);
}

/**
 * Listens before anything is known of the house: the public address of the guard, which the house must know, may depend
 * on the port.
 */
export async function openGatewayDoor({ publicUrl, host, port: wanted }: DoorOptions): Promise<GatewayDoor> {
  const server = createServer({
    maxHeaderSize: 32 << 10,
    headersTimeout: 10_000,
    requestTimeout: 0,
    keepAliveTimeout: 65_000,
    connectionsCheckingInterval: 5_000,
  });
  const notYet: RequestListener = (_request, response) =>
    void response.writeHead(503, { 'retry-after': '1', 'content-length': 0 }).end();
  server.on('request', notYet);
  const port = await listen(server, host, wanted);
  const addresses = addressesAt(publicUrl ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`);
  const isForeign = foreignRequestTest(addresses.publicUrl, { host, port });
  return {
    url: addresses.publicUrl,
    port,
    serve: (serving) => {
      server.off('request', notYet);
      return serve(server, { addresses, isForeign, port }, serving);
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

type Place = { readonly addresses: Addresses; readonly isForeign: ReturnType<typeof foreignRequestTest>; readonly port: number };

function serve(
  server: Server,
  { addresses, isForeign, port }: Place,
  { house, issuer, log, ...options }: GatewayServing,
): Gateway {
  const limits = { ...defaultLimits, ...options.limits };
  const upstreams = createUpstreams(limits, log);
  const underWay = createCallsUnderWay(limits);
  const guard: Guard = {
    house,
    addresses,
    issuer,
    limits,
    log,
    upstreams,
    underWay,
    mcpSessions: createMcpSessions(options.sessionKey),
    parameterHeaders: createParameterHeaders(),
    certificateOf: options.certificateOf,
  };
  const answer = (request: IncomingMessage, response: ServerResponse, isRefused: boolean): void => {
    response.on('error', () => {});
    if (isRefused) {
      response.writeHead(403, { 'content-type': 'application/json', connection: 'close' });
      response.end('{"error":"foreign_request","error_description":"The Host or Origin of this request is not ours."}');
      return;
    }
    answerRequest(guard, request, response).catch((thrown: unknown) => {
      log.error(errorFields(thrown), 'a request to the guard broke');
      response.destroy();
    });
  };
  server.on('request', (request, response) => answer(request, response, isForeign(request)));
  return {
    url: addresses.publicUrl,
    port,
    listener: (request, response) => answer(request, response, request.headers.origin !== undefined),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      underWay.cutAll();
      server.closeIdleConnections();
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, closeMs).unref())]);
      server.closeAllConnections();
      await upstreams.close();
    },
  };
}
