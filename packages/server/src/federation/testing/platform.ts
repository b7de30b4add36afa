import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

/** A platform outside the house that vouches for its workloads, on a real port with real keys. */
export type Platform = {
  readonly issuer: string;
  readonly keys: KeyPair;
  readonly kid: string;
  /** How often its keys were asked for. */
  readonly asked: () => number;
  /** What answers instead of its key set, until it is taken away. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  /** An assertion with these claims and header members changed; undefined leaves one out. */
  assertion(claims?: object, header?: object, by?: KeyPair['privateKey']): Promise<string>;
  jwk(extra?: object): Promise<object>;
  /** Makes a new key under a new id and publishes only that. */
  rotate(): Promise<void>;
  close(): Promise<void>;
};

export type PlatformOptions = {
  readonly audience: string;
  readonly alg?: string;
  readonly path?: string;
  /** The members of its metadata that are not as they should be. */
  readonly metadata?: object;
  readonly now?: () => number;
};

export async function openPlatform({
  audience,
  alg = 'ES256',
  path = '',
  metadata = {},
  now = Date.now,
}: PlatformOptions): Promise<Platform> {
  const make = () => generateKeyPair(alg, { extractable: true });
  let [keys, kid, asked] = [await make(), 'key-1', 0];
  const server = createServer((request, response) => {
    const json = (body: unknown) =>
      response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'max-age=3600' }).end(JSON.stringify(body));
    if (request.url === `${path}/.well-known/openid-configuration`)
      return json({ issuer, jwks_uri: `${issuer}/keys`, ...metadata });
    if (request.url !== `${path}/keys`) return response.writeHead(404).end();
    asked++;
    if (platform.answer !== undefined) return platform.answer(request, response);
    return void platform.jwk().then((jwk) => json({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  const platform: Platform = {
    issuer,
    get keys() {
      return keys;
    },
    get kid() {
      return kid;
    },
    asked: () => asked,
    answer: undefined,
    jwk: async (extra = {}) => ({ ...(await exportJWK(keys.publicKey)), kid, use: 'sig', ...extra }),
    assertion: (claims = {}, header = {}, by = keys.privateKey) => {
      const seconds = Math.floor(now() / 1_000);
      const full = { iss: issuer, aud: audience, iat: seconds, exp: seconds + 300, jti: randomUUID(), ...claims };
      return new SignJWT(JSON.parse(JSON.stringify(full))).setProtectedHeader({ alg, kid, typ: 'JWT', ...header }).sign(by);
    },
    rotate: async () => {
      [keys, kid] = [await make(), `key-${randomUUID()}`];
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return platform;
}
