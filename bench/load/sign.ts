import { randomUUID } from 'node:crypto';
import type { SigningKey } from '@surety/proof/jwk';
import { signJws } from '@surety/proof/jws';

export type ProofOptions = {
  readonly method?: string;
  readonly url: string;
  readonly nonce?: string | undefined;
  readonly ath?: string;
  readonly iat?: number;
};

/** A DPoP proof for one request (RFC 9449 §4.2). `iat` in seconds; now, when left out. */
export function signProof(key: SigningKey, { method = 'POST', url, nonce, ath, iat = nowSeconds() }: ProofOptions): string {
  const claims = {
    jti: randomUUID(),
    htm: method,
    htu: url,
    iat,
    ...(nonce === undefined ? {} : { nonce }),
    ...(ath === undefined ? {} : { ath }),
  };
  return signJws(key, { typ: 'dpop+jwt', jwk: key.publicJwk }, JSON.stringify(claims));
}

/** A client assertion (RFC 7523 §3), good for two minutes. */
export function signAssertion(key: SigningKey, clientId: string, issuer: string): string {
  const iat = nowSeconds();
  const claims = { iss: clientId, sub: clientId, aud: issuer, jti: randomUUID(), iat, exp: iat + 120 };
  return signJws(key, { typ: 'JWT', kid: key.kid }, JSON.stringify(claims));
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}
