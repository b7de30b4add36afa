import { isExactRecord } from '@surety/contract/exact-json';
import { type AccessTokenClaims, createAccessTokenVerifier } from '@surety/proof/access-token';
import { readJws } from '@surety/proof/jws';
import { ProofError } from '@surety/proof/proof-error';
import type { IssuanceRoom } from './issuance-room.ts';

/** Reads access tokens of ours for whatever resource; undefined for what is none, or has expired. */
export type TokenReader = (token: string) => AccessTokenClaims | undefined;

/** Tokens that were looked at, kept so that a signature is checked once. */
const maxTokens = 2_000;

/** Signature, issuer and dates are checked; the audience is the token's own, because it is not we who accept it. */
export function createTokenReader({ issuer, keyRing, clock }: Pick<IssuanceRoom, 'issuer' | 'keyRing' | 'clock'>): TokenReader {
  const tokens = createAccessTokenVerifier({ issuer, keyByKid: (kid) => keyRing.keyByKid(kid), maxEntries: maxTokens });
  return (token) => {
    try {
      const { claims } = readJws(token, { typ: 'at+jwt' });
      const audience = isExactRecord(claims) && typeof claims['aud'] === 'string' ? claims['aud'] : '';
      return tokens.verify(token, { audience, now: clock() }).claims;
    } catch (thrown) {
      if (thrown instanceof ProofError) return undefined;
      throw thrown;
    }
  };
}
