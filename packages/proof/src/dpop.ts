import { hash } from 'node:crypto';
import { clockSkewSeconds, numericDate, text } from './claim.ts';
import { importPublicKey, type PublicKey } from './jwk.ts';
import { type ParsedJws, readJws, verifyJws } from './jws.ts';
import type { NonceSource } from './nonce.ts';
import { longest } from './plain-claims.ts';
import { readPlainProof, rememberHeader, type SignedProof } from './plain-proof.ts';
import { ProofError } from './proof-error.ts';

/** Whether a server nonce is demanded. Undefined: nonces are not used and the claim is ignored. */
export type NoncePolicy = { readonly required: boolean; readonly nonces: NonceSource } | undefined;

/** The request that carried the proof, and what it must match. */
export type DpopRequest = {
  /** Every `DPoP` header of the request, unjoined (`req.headersDistinct.dpop`). */
  readonly headerValues: string | readonly string[] | undefined;
  readonly method: string;
  /** The request's address as the client sees it: computed from the configured public URL, never from `Host`. */
  readonly url: string | URL;
  /** At a resource server: the access token, or its `ath` if already known. */
  readonly accessToken?: string;
  readonly accessTokenHash?: string;
  /** The access token's `cnf.jkt`. */
  readonly boundTo?: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly nonce: NoncePolicy;
};

/** A proof that holds. The caller spends (`jkt`, `jti`) before it acts: RFC 9449 §11.1. `iat` is in seconds. */
export type DpopProof = {
  readonly jkt: string;
  readonly jti: string;
  readonly iat: number;
  readonly key: PublicKey;
  /** `x5t#S256` of the certificate by which the connection proved the key in place of a proof (RFC 8705 §3.1). */
  readonly x5t?: string;
};

/**
 * Verifies a DPoP proof: the twelve checks of RFC 9449 §4.3 in the RFC's order, so the two can be read side by side
 * (7 stands before 6, which needs the key). Replay is the caller's, by `jkt` and `jti`.
 *
 * `htm` is compared as is (RFC 9110 §9.1). A proof without the nonce that is demanded, or with one that is stale, is
 * `dpop.nonce_required`; the caller sends a fresh one. Throws `dpop.missing`, `dpop.invalid`, `dpop.nonce_required`.
 */
export function verifyDpopProof(request: DpopRequest): DpopProof {
  const token = oneHeader(request.headerValues); //                                 1
  const { claims, key } = readPlainProof(token) ?? readSignedProof(token); //       2 to 7
  const { jti, iat } = claims;
  if (claims.htm !== request.method) refuse('is for another method'); //            8
  checkTarget(claims.htu, request.url); //                                          9
  checkNonce(claims.nonce, request); //                                             10
  if (Math.abs(iat * 1_000 - request.now) > clockSkewSeconds * 1_000) refuse('is not fresh: "iat" is off by over 60 s'); // 11
  checkAccessToken(claims.ath, key.jkt, request); //                                12
  return { jkt: key.jkt, jti, iat, key };
}

function readSignedProof(token: string): SignedProof {
  const jws = readProof(token); //                                                  2, 4, 5
  const { claims } = jws;
  const jti = text(claims, 'jti', longest.jti) ?? refuse('has no "jti" of 1 to 256 characters'); //  3
  const htm = text(claims, 'htm', longest.htm) ?? refuse('has no "htm"');
  const htu = text(claims, 'htu', longest.htu) ?? refuse('has no "htu"');
  const iat = numericDate(claims, 'iat') ?? refuse('has no "iat" in whole seconds');
  const key = proofKey(jws.header['jwk']); //                                       7
  if (!verifyJws(jws, key)) refuse('is not signed by the key it carries'); //       6
  rememberHeader(token, key);
  return { claims: { jti, htm, htu, iat, nonce: claims['nonce'], ath: claims['ath'] }, key };
}

/** Check 1: exactly one header. Joined by a comma they are two, and a comma is refused with the rest of the form. */
function oneHeader(values: string | readonly string[] | undefined): string {
  const value = typeof values === 'string' ? values : values?.length === 1 ? values[0] : undefined;
  if (value !== undefined) return value;
  if (values === undefined || values.length === 0) {
    throw new ProofError('dpop.missing', 'The request has no DPoP proof. Send one in the DPoP header.');
  }
  return refuse('was sent more than once');
}

function readProof(token: string): ParsedJws {
  try {
    return readJws(token, { typ: 'dpop+jwt' });
  } catch {
    return refuse('is not a compact JWS of type dpop+jwt signed with ES256 or EdDSA');
  }
}

function proofKey(jwk: unknown): PublicKey {
  try {
    return importPublicKey(jwk);
  } catch {
    return refuse('carries no public key that can be used');
  }
}

function checkTarget(htu: string, url: string | URL): void {
  if (htu === url) return;
  const target = comparableUrl(url);
  if (target === undefined || comparableUrl(htu) !== target) refuse('is for another address');
}

/**
 * An address without query and fragment, after the normalisation of RFC 3986 §6.2.2 and §6.2.3 that check 9 asks for:
 * case of scheme and host, default port, dot segments, percent-encoding. Undefined for what is not a plain http(s) URL.
 */
function comparableUrl(url: string | URL): string | undefined {
  if (typeof url === 'string' && !/^https?:\/\/[\x21-\x5b\x5d-\x7e]+$/i.test(url)) return undefined;
  const parsed = typeof url === 'string' ? URL.parse(url) : url;
  if (parsed === null || parsed.username !== '' || parsed.password !== '') return undefined;
  const path = parsed.pathname;
  return parsed.origin + (path.includes('%') ? path.replaceAll(/%[0-9a-fA-F]{2}/g, plainUnreserved) : path);
}

/** RFC 3986 §6.2.2.1, §6.2.2.2: `%7e` → `~`, `%2f` → `%2F`. */
function plainUnreserved(encoded: string): string {
  const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
  return /[A-Za-z0-9._~-]/.test(character) ? character : encoded.toUpperCase();
}

function checkNonce(nonce: unknown, { nonce: policy, now }: DpopRequest): void {
  if (policy === undefined || (nonce === undefined && !policy.required)) return;
  if (nonce !== undefined && typeof nonce !== 'string') refuse('has a malformed "nonce"');
  if (nonce !== undefined && nonce.length <= 256 && policy.nonces.accepts(nonce, now)) return;
  throw new ProofError(
    'dpop.nonce_required',
    'The DPoP proof needs the nonce of this server. Repeat it with the one in DPoP-Nonce.',
  );
}

function checkAccessToken(ath: unknown, jkt: string, { accessToken, accessTokenHash, boundTo }: DpopRequest): void {
  const expected = accessTokenHash ?? (accessToken === undefined ? undefined : hashAccessToken(accessToken));
  if (expected !== undefined && ath !== expected) refuse('is for another access token ("ath")');
  if (boundTo !== undefined && boundTo !== jkt) refuse('is by another key than the access token is bound to');
}

/** RFC 9449 §4.2: `ath`, the base64url of SHA-256 over the access token's ASCII bytes. */
export function hashAccessToken(accessToken: string): string {
  return hash('sha256', accessToken, 'base64url');
}

function refuse(why: string): never {
  throw new ProofError('dpop.invalid', `The DPoP proof ${why}. Make a fresh proof for this request.`);
}
