import { createHash } from 'node:crypto';
import { type ExactRecord, isExactList, isExactRecord } from '@surety/contract/exact-json';
import type { AssertionAlg, TrustedIssuer } from '@surety/contract/federation';
import { clockSkewSeconds, numericDate, text } from '@surety/proof/claim';
import { compactVerify, importJWK, type JWK } from 'jose';
import type { IssuerKeys, PublishedKey } from './issuer-keys.ts';
import { kindRules } from './issuer.ts';
import { refuseAssertion } from './refuse-assertion.ts';
import type { ReadAssertion } from './read-assertion.ts';
import { readSpiffeId } from './spiffe-id.ts';

/** An assertion that holds: what this issuer says of one of its workloads. */
export type VerifiedAssertion = {
  readonly issuer: TrustedIssuer;
  readonly subject: string;
  readonly claims: ExactRecord;
  /** What is used up with it: its `jti`, or where the platform gives none, its digest. */
  readonly spentAs: string;
  /** SHA-256 of the assertion, base64url. */
  readonly digest: string;
  readonly expiresAtSeconds: number;
};

export type AssertionExpectation = { readonly audience: string; readonly now: number };

/** How many keys are tried when the assertion names none. */
const maxTried = 5;

/** Platforms that always write `aud` as a list; a list of one is taken of these, and of nobody else. */
const listsAudience: ReadonlySet<string> = new Set(['kubernetes', 'spiffe']);

/**
 * Verifies an assertion by the keys of its issuer alone (RFC 7523 §3, RFC 8725, SPIFFE JWT-SVID §4): `typ` of the
 * platform, `alg` among those of the issuer, `aud` exactly us, whole-second dates, at most the issuer's lifetime, skew
 * 60 s. Faults `assertion.refused`, `issuer.unreachable`.
 */
export async function verifyAssertion(
  read: ReadAssertion,
  issuer: TrustedIssuer,
  keys: IssuerKeys,
  expect: AssertionExpectation,
): Promise<VerifiedAssertion> {
  const { token, claims } = read;
  const types: readonly unknown[] = kindRules[issuer.kind].types;
  if (!types.includes(read.typ)) refuseAssertion('it is of another type');
  if (!issuer.algs.includes(read.alg)) refuseAssertion('its "alg" is not one of its issuer');
  checkAudience(claims['aud'], issuer, expect.audience);
  const expiresAtSeconds = checkDates(claims, issuer, expect.now);
  const subject = checkSubject(claims, issuer);
  if (!(await isSigned(read, await keys.keysOf(issuer, read.kid)))) refuseAssertion('it is not signed by a key of its issuer');
  const digest = createHash('sha256').update(token).digest('base64url');
  const jti = text(claims, 'jti', 256);
  if (jti === undefined && claims['jti'] !== undefined) refuseAssertion('its "jti" is malformed');
  return { issuer, subject, claims, digest, spentAs: jti === undefined ? `digest ${digest}` : `jti ${jti}`, expiresAtSeconds };
}

function checkAudience(aud: ExactRecord[string] | undefined, { kind }: TrustedIssuer, audience: string): void {
  const one = isExactList(aud) && aud.length === 1 && listsAudience.has(kind) ? aud[0] : aud;
  if (one !== audience) refuseAssertion('it is for another audience than this issuer alone');
}

function checkDates(claims: ExactRecord, { kind, maxLifetimeSeconds }: TrustedIssuer, now: number): number {
  const seconds = now / 1_000;
  const exp = numericDate(claims, 'exp') ?? refuseAssertion('it has no "exp" in whole seconds');
  if (exp <= seconds) refuseAssertion('it has expired');
  if (exp > seconds + maxLifetimeSeconds) refuseAssertion('it lives too long');
  for (const name of ['iat', 'nbf'] as const) {
    if (claims[name] === undefined && (name === 'nbf' || kind === 'spiffe')) continue;
    const from = numericDate(claims, name) ?? refuseAssertion('it has no "iat" or "nbf" in whole seconds');
    if (from > seconds + clockSkewSeconds) refuseAssertion('it is not valid yet');
    if (name === 'iat' && exp - from > maxLifetimeSeconds) refuseAssertion('it lives too long');
  }
  return exp;
}

function checkSubject(claims: ExactRecord, { kind, issuer }: TrustedIssuer): string {
  const subject = text(claims, 'sub', 500) ?? refuseAssertion('it has no "sub"');
  if (kind !== 'spiffe') return subject;
  const id = readSpiffeId(subject) ?? refuseAssertion('its "sub" is no SPIFFE id');
  if (id.trustDomain !== issuer) refuseAssertion('its "sub" is of another trust domain');
  return id.id;
}

async function isSigned({ token, alg }: ReadAssertion, published: readonly PublishedKey[]): Promise<boolean> {
  const usable = published.filter((key) => mayVerify(key, alg));
  if (usable.length > maxTried) refuseAssertion('its issuer has many keys and it names none');
  for (const key of usable) {
    try {
      await compactVerify(token, await importJWK(key as JWK, alg), { algorithms: [alg] });
      return true;
    } catch {
      // the next key, if there is one
    }
  }
  return false;
}

const keyTypes: Readonly<Record<string, { readonly kty: string; readonly crv?: string }>> = {
  RS: { kty: 'RSA' },
  PS: { kty: 'RSA' },
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  ES512: { kty: 'EC', crv: 'P-521' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
};

/**
 * The key's own kind, `alg` and `use` allow this signature: a token never chooses. Nothing private or symmetric is a
 * public key.
 */
function mayVerify(key: PublishedKey, alg: AssertionAlg): boolean {
  const type = keyTypes[alg] ?? keyTypes[alg.slice(0, 2)];
  const { kty, crv, use, key_ops: operations } = key;
  if (type === undefined || kty !== type.kty || crv !== type.crv || 'd' in key || 'k' in key) return false;
  if (use !== undefined && use !== 'sig' && use !== 'jwt-svid') return false;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return false;
  return key['alg'] === undefined || key['alg'] === alg;
}

/** A member of a member, by its name, or by JSON pointer (RFC 6901) when the name begins with a slash. Text only. */
export function claimText(claims: ExactRecord, name: string): string | undefined {
  const path = name.startsWith('/')
    ? name
        .slice(1)
        .split('/')
        .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    : [name];
  let value: ExactRecord[string] | undefined = claims;
  for (const part of path) {
    if (value === undefined || !isExactRecord(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return typeof value === 'string' ? value : undefined;
}
