import { type AccessTokenClaims, createAccessTokenVerifier } from '@surety/proof/access-token';
import { ProofError } from '@surety/proof/proof-error';
import type { Clock } from '#kernel/clock';
import type { KeyRing } from '#keys/key-ring';

/** Reads access tokens of ours for whatever resource; undefined for what is none, or has expired. */
export type TokenReader = (token: string) => AccessTokenClaims | undefined;

type ReaderRoom = { readonly issuer: string; readonly keyRing: Pick<KeyRing, 'keyByKid'>; readonly clock: Clock };

/** Tokens that were looked at, kept so that a signature is checked once. */
const maxTokens = 2_000;

/** Signature, issuer and dates are checked; the audience is the token's own, because it is not we who accept it. */
export function createTokenReader({ issuer, keyRing, clock }: ReaderRoom): TokenReader {
  const tokens = createAccessTokenVerifier({ issuer, keyByKid: (kid) => keyRing.keyByKid(kid), maxEntries: maxTokens });
  return (token) => {
    try {
      return tokens.read(token, clock()).claims;
    } catch (thrown) {
      if (thrown instanceof ProofError) return undefined;
      throw thrown;
    }
  };
}
