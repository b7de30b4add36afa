import { base64url } from 'jose';
import { type SigningKey, signClaims } from './agent-key.ts';

/** The request that a proof is for. `accessToken` at a resource server only. */
export type ProofTarget = {
  readonly method: string;
  readonly url: string | URL;
  readonly accessToken?: string | undefined;
  readonly nonce?: string | undefined;
};

/**
 * A DPoP proof for one request (RFC 9449 §4.2): a fresh `jti` every time, `htu` without query and fragment, `ath` over
 * the access token. `nowMs` in milliseconds since the epoch.
 */
export async function createDpopProof(key: SigningKey, target: ProofTarget, nowMs: number): Promise<string> {
  const url = new URL(target.url);
  const claims = {
    jti: crypto.randomUUID(),
    htm: target.method,
    htu: url.origin + url.pathname,
    iat: Math.floor(nowMs / 1000),
    ...(target.nonce === undefined ? {} : { nonce: target.nonce }),
    ...(target.accessToken === undefined ? {} : { ath: await hashAccessToken(target.accessToken) }),
  };
  return signClaims(key, { typ: 'dpop+jwt', withKey: true }, claims);
}

/** RFC 9449 §4.2: `ath`, the base64url of SHA-256 over the access token's ASCII bytes. */
async function hashAccessToken(accessToken: string): Promise<string> {
  return base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(accessToken))));
}

/** The newest nonce of each server, by origin (RFC 9449 §8.2: it may come with any answer). */
export type NonceJar = {
  readonly nonceFor: (url: string | URL) => string | undefined;
  readonly observe: (url: string | URL, response: Response) => void;
};

export function createNonceJar(): NonceJar {
  const nonces = new Map<string, string>();
  return {
    nonceFor: (url) => nonces.get(new URL(url).origin),
    observe: (url, response) => {
      const nonce = response.headers.get('dpop-nonce');
      if (nonce !== null && nonce !== '') nonces.set(new URL(url).origin, nonce);
    },
  };
}
