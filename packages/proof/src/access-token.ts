import { type ExactRecord, type ExactValue, isExactList, isExactRecord, toPlain } from '@surety/contract/exact-json';
import { BoundedCache } from './bounded-cache.ts';
import { clockSkewSeconds, numericDate, text } from './claim.ts';
import { hashAccessToken } from './dpop.ts';
import type { PublicKey, SigningKey } from './jwk.ts';
import { createJwsSigner, maxTokenLength, type ParsedJws, readJws, verifyJws } from './jws.ts';
import { ProofError } from './proof-error.ts';

/** What kind of party `sub` or an actor is (Entity Profiles). */
export type SubjectProfile = 'ai_agent' | 'service' | 'user';

/** One actor (RFC 8693 §4.1): outermost the one that acts now, nested the earlier ones. Its identity is `iss` and `sub`. */
export type ActClaim = {
  readonly iss: string;
  readonly sub: string;
  readonly sub_profile?: SubjectProfile;
  readonly act?: ActClaim;
};

/** The claims of an access token (RFC 9068 §2.2), bound to a key (RFC 9449 §6.1). Dates are seconds since the epoch. */
export type AccessTokenClaims = {
  readonly iss: string;
  readonly sub: string;
  readonly client_id: string;
  /** One resource; a token for several is refused (RFC 8707). */
  readonly aud: string;
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
  readonly scope: string;
  readonly sub_profile: SubjectProfile;
  /** One of the two: a key that proves itself by DPoP (RFC 9449 §6.1), or a certificate (RFC 8705 §3.1). */
  readonly cnf: { readonly jkt?: string; readonly 'x5t#S256'?: string };
  readonly task?: string;
  readonly instance?: string;
  /** Number of the newest change that its issuer knew: a later one may end it, whatever clocks say. */
  readonly change?: number;
  readonly act?: ActClaim;
  /** Who may become the actor, of a token that one hands on (RFC 8693 §4.4). Such a token opens nothing else. */
  readonly may_act?: { readonly iss: string; readonly sub: string };
  /** What the token is narrowed to (RFC 9396 §9.1). Here it is carried, not judged. */
  readonly authorization_details?: readonly unknown[];
  /** Of a token that one hands on: what the hop is to be. */
  readonly delegation?: DelegationClaim;
} & AuthenticationClaims;

/**
 * How and when the person at the root signed in (RFC 9068 §2.2.1, RFC 9470 §6), of a token that came of their consent:
 * `auth_time` in seconds since the epoch, `amr` in the words of RFC 8176.
 */
export type AuthenticationClaims = {
  readonly auth_time?: number;
  readonly acr?: string;
  readonly amr?: readonly string[];
};

/** How many further hops may follow, and of a person's: what for, and keyed fingerprints of the values they stated. */
export type DelegationClaim = { readonly depth: number; readonly purpose?: string; readonly asked?: readonly string[] };

/** A token that holds. `hash` is the `ath` its DPoP proof must carry, and the token's name in caches. */
export type VerifiedAccessToken = { readonly claims: AccessTokenClaims; readonly hash: string };

/** Signs an access token: `typ: at+jwt`, `kid` of the key (RFC 9068 §2.1). */
export function mintAccessToken(key: SigningKey, claims: AccessTokenClaims): string {
  let sign = signers.get(key);
  if (sign === undefined) signers.set(key, (sign = createJwsSigner(key, { typ: 'at+jwt', kid: key.kid })));
  return sign(JSON.stringify(claims));
}

/** What signs with each key of an issuer, as long as the key is there. */
const signers = new WeakMap<SigningKey, (claimsJson: string) => string>();

/** `keyByKid` finds the issuer's current keys; a key it no longer finds ends cached tokens too. */
export type AccessTokenVerifierOptions = {
  readonly issuer: string;
  readonly keyByKid: (kid: string) => PublicKey | undefined;
  readonly maxEntries: number;
};

/** `audience`: the one resource we are. `now`: milliseconds since the epoch. */
export type AccessTokenExpectation = { readonly audience: string; readonly now: number };

/**
 * Verifies access tokens of one issuer, keeping what it has verified. Throws `access_token.invalid` or
 * `access_token.expired`.
 */
export type AccessTokenVerifier = {
  readonly verify: (token: string, expect: AccessTokenExpectation) => VerifiedAccessToken;
  /** The same for whoever does not accept the token, but says what it is: its audience is not looked at. `now` as above. */
  readonly read: (token: string, now: number) => VerifiedAccessToken;
};

type Entry = { readonly verified: VerifiedAccessToken; readonly kid: string; readonly jkt: string };

/**
 * Verifies JWT access tokens (RFC 9068 §4). A signature is checked once per token: the result is kept under the SHA-256
 * of the token's bytes, at most `maxEntries` of them, never a failure. Every use, first or later, checks issuer key,
 * audience and dates. `exp` has no leeway: issuer and verifier are one deployment. `iat` may be 60 s in the future.
 * Revocation is the caller's, on every use.
 */
export function createAccessTokenVerifier({ issuer, keyByKid, maxEntries }: AccessTokenVerifierOptions): AccessTokenVerifier {
  const entries = new BoundedCache<Entry>(maxEntries);
  const use = (token: string, now: number, expect?: AccessTokenExpectation): VerifiedAccessToken => {
    if (token.length > maxTokenLength) refuse('is too long');
    const hash = hashAccessToken(token);
    const known = entries.get(hash);
    if (known !== undefined && keyByKid(known.kid)?.jkt === known.jkt) {
      checkUse(known.verified.claims, now, expect);
      return known.verified;
    }
    const entry = readToken(token, hash, keyByKid);
    if (entry.verified.claims.iss !== issuer) refuse('is by another issuer');
    checkUse(entry.verified.claims, now, expect);
    entries.set(hash, entry);
    return entry.verified;
  };
  return {
    verify: (token, expect) => use(token, expect.now, expect),
    read: (token, now) => use(token, now),
  };
}

function readToken(token: string, hash: string, keyByKid: AccessTokenVerifierOptions['keyByKid']): Entry {
  const jws = readForm(token);
  const { kid } = jws;
  if (kid === undefined || kid.length > 64) refuse('names no key ("kid")');
  const key = keyByKid(kid) ?? refuse("is signed by a key that is not, or no longer, the issuer's");
  if (!verifyJws(jws, key)) refuse('has a signature that does not match');
  return { verified: { claims: readClaims(jws.claims), hash }, kid, jkt: key.jkt };
}

function readForm(token: string): ParsedJws {
  try {
    return readJws(token, { typ: 'at+jwt' });
  } catch {
    return refuse('is not a compact JWS of type at+jwt signed with ES256 or EdDSA');
  }
}

/** `expect`: undefined where it is not we who accept the token. */
function checkUse(claims: AccessTokenClaims, now: number, expect: AccessTokenExpectation | undefined): void {
  if (expect !== undefined && claims.aud !== expect.audience) refuse('is for another audience');
  if (claims.iat * 1_000 > now + clockSkewSeconds * 1_000) refuse('is not valid yet');
  if (claims.exp * 1_000 <= now) {
    throw new ProofError('access_token.expired', 'The access token has expired. Get a new one from the token endpoint.');
  }
}

/** The claims as their type says; a claim that is there must be of its type, others are left out. */
function readClaims(claims: ExactRecord): AccessTokenClaims {
  return {
    iss: required(claims, 'iss'),
    sub: required(claims, 'sub'),
    client_id: required(claims, 'client_id'),
    aud: required(claims, 'aud'),
    iat: numericDate(claims, 'iat') ?? refuse('has no "iat" in whole seconds'),
    exp: numericDate(claims, 'exp') ?? refuse('has no "exp" in whole seconds'),
    jti: required(claims, 'jti'),
    scope: claims['scope'] === '' ? '' : required(claims, 'scope'),
    sub_profile: readProfile(claims['sub_profile']),
    cnf: readBinding(claims['cnf']),
    ...(claims['task'] === undefined ? {} : { task: readTask(claims) }),
    ...(claims['instance'] === undefined ? {} : { instance: required(claims, 'instance') }),
    ...(claims['change'] === undefined ? {} : { change: readChange(claims) }),
    ...(claims['act'] === undefined ? {} : { act: readAct(claims['act']) }),
    ...(claims['may_act'] === undefined ? {} : { may_act: readMayAct(claims['may_act']) }),
    ...(claims['authorization_details'] === undefined ? {} : { authorization_details: readDetails(claims) }),
    ...(claims['delegation'] === undefined ? {} : { delegation: readDelegation(claims['delegation']) }),
    ...readAuthentication(claims),
  };
}

/** A token that is bound to nothing, or to two things, is bound to nothing that can be told. */
function readBinding(cnf: ExactValue | undefined): AccessTokenClaims['cnf'] {
  const [jkt, x5t] = isExactRecord(cnf) ? [cnf['jkt'], cnf['x5t#S256']] : [];
  if (typeof jkt === 'string' && jkt.length === 43 && x5t === undefined) return { jkt };
  if (typeof x5t === 'string' && x5t.length === 43 && jkt === undefined) return { 'x5t#S256': x5t };
  return refuse('is not bound to a key ("cnf.jkt")');
}

function required(claims: ExactRecord, name: string): string {
  return text(claims, name, 2_048) ?? refuse('lacks a required claim, or has one of the wrong type');
}

function readTask(claims: ExactRecord): string {
  const task = required(claims, 'task');
  return /^tsk_[0-9a-z]{1,64}$/.test(task) ? task : refuse('has a malformed "task"');
}

function readChange(claims: ExactRecord): number {
  return numericDate(claims, 'change') ?? refuse('has a malformed "change"');
}

function readProfile(value: ExactValue | undefined): SubjectProfile {
  return value === 'ai_agent' || value === 'service' || value === 'user' ? value : refuse('has a malformed "sub_profile"');
}

/** Nesting is bounded by the depth that `readJws` reads. */
function readAct(value: ExactValue): ActClaim {
  if (!isExactRecord(value)) return refuse('has a malformed "act"');
  return {
    iss: required(value, 'iss'),
    sub: required(value, 'sub'),
    ...(value['sub_profile'] === undefined ? {} : { sub_profile: readProfile(value['sub_profile']) }),
    ...(value['act'] === undefined ? {} : { act: readAct(value['act']) }),
  };
}

function readAuthentication(claims: ExactRecord): AuthenticationClaims {
  return {
    ...(claims['auth_time'] === undefined
      ? {}
      : { auth_time: numericDate(claims, 'auth_time') ?? refuse('has a malformed "auth_time"') }),
    ...(claims['acr'] === undefined ? {} : { acr: required(claims, 'acr') }),
    ...(claims['amr'] === undefined ? {} : { amr: readMethods(claims['amr']) }),
  };
}

function readMethods(amr: ExactValue): readonly string[] {
  const methods = isExactList(amr) ? amr.filter((one) => typeof one === 'string') : [];
  const isWhole = isExactList(amr) && methods.length === amr.length && methods.length > 0;
  return isWhole ? methods : refuse('has a malformed "amr"');
}

function readMayAct(value: ExactValue): { readonly iss: string; readonly sub: string } {
  return isExactRecord(value)
    ? { iss: required(value, 'iss'), sub: required(value, 'sub') }
    : refuse('has a malformed "may_act"');
}

function readDetails(claims: ExactRecord): readonly unknown[] {
  const details = claims['authorization_details'];
  return isExactList(details) ? details.map(toPlain) : refuse('has malformed "authorization_details"');
}

function readDelegation(value: ExactValue): DelegationClaim {
  if (!isExactRecord(value)) return refuse('has a malformed "delegation"');
  const { asked } = value;
  const isList = asked === undefined || (isExactList(asked) && asked.every((one) => typeof one === 'string'));
  if (!isList) return refuse('has a malformed "delegation"');
  return {
    depth: numericDate(value, 'depth') ?? refuse('has a malformed "delegation"'),
    ...(value['purpose'] === undefined ? {} : { purpose: required(value, 'purpose') }),
    ...(asked === undefined ? {} : { asked: asked as readonly string[] }),
  };
}

function refuse(why: string): never {
  throw new ProofError('access_token.invalid', `The access token ${why}. Get a new one from the token endpoint.`);
}
