import { createHash, createHmac, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose';

/** A P-256 key whose private half can be read out: what an attacker, or an agent written by hand, holds. */
export type ForgeKey = {
  readonly alg: 'ES256';
  readonly privateKey: CryptoKey;
  readonly publicJwk: { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string };
  readonly privateJwk: JWK;
  readonly jkt: string;
};

export async function makeKey(): Promise<ForgeKey> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const privateJwk = await exportJWK(privateKey);
  const publicJwk = { kty: 'EC', crv: 'P-256', x: privateJwk.x ?? '', y: privateJwk.y ?? '' } as const;
  return { alg: 'ES256', privateKey, publicJwk, privateJwk, jkt: await calculateJwkThumbprint(publicJwk) };
}

/** A compact JWS over exactly this header and these claims, also those that a library would not sign. */
export async function sign(key: ForgeKey, header: object, claims: object): Promise<string> {
  const input = `${encoded({ alg: 'ES256', ...header })}.${encoded(claims)}`;
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key.privateKey, Buffer.from(input));
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}

/** A JWS that nobody signed: `alg: none` (RFC 7515 appendix A.5). */
export function unsigned(header: object, claims: object): string {
  return `${encoded({ alg: 'none', ...header })}.${encoded(claims)}.`;
}

/** A JWS by HMAC, for keys that are public: the confusion of RFC 8725 §2.1. */
export function signWithHmac(secret: string, header: object, claims: object): string {
  const input = `${encoded({ alg: 'HS256', ...header })}.${encoded(claims)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

/** The same JWS with other bytes in one of its three parts (0 header, 1 claims). */
export function withPart(jws: string, part: 0 | 1, value: object): string {
  return jws
    .split('.')
    .map((text, at) => (at === part ? encoded(value) : text))
    .join('.');
}

/** RFC 9449 §4.2. */
export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

export const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/** The claims of a proof that holds, for a request; `change` is laid over them, and undefined leaves one out. */
export function proofClaims(
  request: {
    readonly method: string;
    readonly url: string;
    readonly token?: string | undefined;
    readonly nonce?: string | undefined;
  },
  change: object = {},
): object {
  return {
    jti: randomUUID(),
    htm: request.method,
    htu: request.url,
    iat: nowSeconds(),
    ...(request.nonce === undefined ? {} : { nonce: request.nonce }),
    ...(request.token === undefined ? {} : { ath: hashOf(request.token) }),
    ...change,
  };
}

export function makeProof(key: ForgeKey, claims: object, header: object = {}): Promise<string> {
  return sign(key, { typ: 'dpop+jwt', jwk: key.publicJwk, ...header }, claims);
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
