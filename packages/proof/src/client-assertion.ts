import { clockSkewSeconds, numericDate, text } from './claim.ts';
import type { PublicKey } from './jwk.ts';
import { type ParsedJws, readJws, verifyJws } from './jws.ts';
import { ProofError } from './proof-error.ts';

/** A client assertion whose form is right: enough to look its key up. Nothing in it is true yet. */
export type ParsedClientAssertion = {
  readonly clientId: string;
  readonly kid: string | undefined;
  readonly jws: ParsedJws;
};

/** An assertion that holds. The caller spends (`clientId`, `jti`) until `expiresAt` (seconds since the epoch). */
export type ClientAssertion = { readonly clientId: string; readonly jti: string; readonly expiresAt: number };

/** `issuer`: our own identifier, the one audience accepted. `now`: milliseconds. `maxLifetimeSeconds`: default 300. */
export type ClientAssertionExpectation = {
  readonly issuer: string;
  readonly now: number;
  readonly maxLifetimeSeconds?: number;
};

const types = ['JWT', undefined, 'client-authentication+jwt'] as const;

/**
 * Reads a private_key_jwt assertion (RFC 7523 §3) before its key is known: form, `typ`, and `iss` = `sub` = client id.
 * Throws `client_assertion.invalid`.
 */
export function readClientAssertion(token: string): ParsedClientAssertion {
  const jws = readForm(token);
  const clientId = text(jws.claims, 'sub', 512);
  if (clientId === undefined || jws.claims['iss'] !== clientId) refuse('does not name one client in "iss" and "sub"');
  return { clientId, kid: jws.kid, jws };
}

function readForm(token: string): ParsedJws {
  try {
    return readJws(token, { typ: types });
  } catch {
    return refuse('is not a compact JWS of type JWT signed with ES256 or EdDSA');
  }
}

/**
 * Verifies an assertion with the client's key (RFC 7523 §3, rfc7523bis): the signature; `aud` exactly our issuer, as
 * one string; `exp` there, not past and at most `maxLifetimeSeconds` ahead; `nbf` and `iat`, if there, not over 60 s in
 * the future; `jti` of 1 to 256 characters. Replay is the caller's. Throws `client_assertion.invalid`.
 */
export function verifyClientAssertion(
  { clientId, jws }: ParsedClientAssertion,
  key: PublicKey,
  expect: ClientAssertionExpectation,
): ClientAssertion {
  if (!verifyJws(jws, key)) refuse('is not signed by the key of the client');
  const { claims } = jws;
  if (claims['aud'] !== expect.issuer) refuse('is for another audience than this issuer, as one string');
  const expiresAt = numericDate(claims, 'exp') ?? refuse('has no "exp" in whole seconds');
  const lastMs = expect.now + (expect.maxLifetimeSeconds ?? 300) * 1_000;
  if (expiresAt * 1_000 <= expect.now) refuse('has expired');
  if (expiresAt * 1_000 > lastMs) refuse('lives too long');
  for (const name of ['nbf', 'iat'] as const) {
    if (!(name in claims)) continue;
    const from = numericDate(claims, name) ?? refuse('has a date that is not in whole seconds');
    if (from * 1_000 > expect.now + clockSkewSeconds * 1_000) refuse('is not valid yet');
  }
  const jti = text(claims, 'jti', 256) ?? refuse('has no "jti" of 1 to 256 characters');
  return { clientId, jti, expiresAt };
}

function refuse(why: string): never {
  throw new ProofError('client_assertion.invalid', `The client assertion ${why}. Make a fresh one with the enrolled key.`);
}
