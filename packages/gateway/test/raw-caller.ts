import { randomUUID } from 'node:crypto';
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { hashAccessToken } from '@surety/proof/dpop';
import { generateSigningKey, type SigningKey } from '@surety/proof/jwk';
import { signJws } from '@surety/proof/jws';
import type { ScriptedHouse } from './scripted-house.ts';

/** A JSON object that a test looks into with `at`. */
export type Json = { readonly [name: string]: unknown };

/** The value at a path, or undefined. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (node, step) => (typeof node === 'object' && node !== null ? (node as Record<string | number, unknown>)[step] : undefined),
    value,
  );
}

export type RawAnswer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string };

export type RawRequest = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
  readonly signal?: AbortSignal;
  /** Instead of a fresh one. */
  readonly proof?: string;
  readonly onChunk?: (text: string) => void;
};

/** An agent that knows no SDK: it can send anything, and sees everything that comes back. */
export type RawCaller = {
  readonly principal: string;
  readonly key: SigningKey;
  readonly token: string;
  readonly resource: string;
  proof(method?: string): string;
  send(request: RawRequest): Promise<RawAnswer>;
  /** A message of 2026-07-28 with everything that belongs to it. */
  post(method: string, params?: object, more?: Partial<RawRequest> & { readonly id?: number | string }): Promise<RawAnswer>;
};

export const versionKey = 'io.modelcontextprotocol/protocolVersion';
export const capabilitiesKey = 'io.modelcontextprotocol/clientCapabilities';
export const envelope = { [versionKey]: '2026-07-28', [capabilitiesKey]: {} };

const agent = new Agent({ keepAlive: true, maxSockets: 512 });

export type RawCallerOptions = { readonly principal?: string | undefined; readonly key?: SigningKey | undefined };

/** A caller of one system, with a name and a key of its own unless it is given them. */
export function createRawCaller(
  house: ScriptedHouse,
  gatewayUrl: string,
  system: string,
  { principal = `agt_${randomUUID()}`, key = generateSigningKey() }: RawCallerOptions = {},
): RawCaller {
  const resource = `${gatewayUrl}/mcp/${system}`;
  const token = house.mint(principal, key.jkt, resource);
  const proof = (method = 'POST'): string => makeProof(key, { method, url: resource, token, nonce: house.nonce() });
  const send: RawCaller['send'] = (request) => {
    const method = request.method ?? 'POST';
    return rawRequest(resource, {
      ...request,
      method,
      headers: { authorization: `DPoP ${token}`, dpop: request.proof ?? proof(method), ...request.headers },
    });
  };
  return {
    principal,
    key,
    token,
    resource,
    proof,
    send,
    post: (method, params = {}, { id = 1, headers, ...more } = {}) => {
      const name =
        'name' in params ? { 'mcp-name': String(params.name) } : 'uri' in params ? { 'mcp-name': String(params.uri) } : {};
      return send({
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': method,
          ...name,
          ...headers,
        },
        body: JSON.stringify({ jsonrpc: '2.0', id, method, params: { _meta: envelope, ...params } }),
        ...more,
      });
    },
  };
}

export function makeProof(
  key: SigningKey,
  { method, url, token, nonce }: { method: string; url: string; token: string; nonce: string },
): string {
  const claims = {
    jti: randomUUID(),
    htm: method,
    htu: url,
    iat: Math.floor(Date.now() / 1_000),
    ath: hashAccessToken(token),
    nonce,
  };
  return signJws(key, { typ: 'dpop+jwt', jwk: key.publicJwk }, JSON.stringify(claims));
}

export function rawRequest(
  url: string,
  { method = 'POST', headers = {}, body, signal, onChunk }: RawRequest,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      url,
      {
        method,
        agent,
        headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
        ...(signal === undefined ? {} : { signal }),
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          onChunk?.(chunk.toString('utf8'));
        });
        incoming.once('end', () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text: Buffer.concat(chunks).toString('utf8') }),
        );
        incoming.once('error', reject);
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

/** Every message of an answer, whether it came as JSON or as a stream. */
export function messagesOf({ headers, text }: RawAnswer): Json[] {
  if (headers['content-type'] !== 'text/event-stream') return text === '' ? [] : [JSON.parse(text) as Json];
  return text.split('\n\n').flatMap((event) => {
    const lines = event
      .split('\n')
      .filter((line) => line.startsWith('data: '))
      .map((line) => line.slice(6));
    return lines.length === 0 ? [] : [JSON.parse(lines.join('\n')) as Json];
  });
}
