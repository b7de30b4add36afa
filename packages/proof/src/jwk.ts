import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type JsonWebKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { decodeBase64url } from './base64url.ts';
import { BoundedCache } from './bounded-cache.ts';
import { isStrongEd25519Point } from './ed25519-point.ts';
import { ProofError } from './proof-error.ts';

/** The signature algorithms taken: ECDSA on P-256 with SHA-256, and Ed25519 (RFC 7518 §3.4, RFC 8037 §3.1). */
export type SignatureAlg = 'ES256' | 'EdDSA';

/** The members of a public key that its thumbprint covers, and no others. */
export type PublicJwk =
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string }
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string };

/** A private key as it is kept: the public members and `d`. Secret. */
export type PrivateJwk = PublicJwk & { readonly d: string };

/** A key that verifies. `jkt` is its RFC 7638 thumbprint: the key's name everywhere. */
export type PublicKey = { readonly jkt: string; readonly alg: SignatureAlg; readonly key: KeyObject };

/** A key that signs. `kid` is its thumbprint unless it was given another. `key` is private. */
export type SigningKey = {
  readonly kid: string;
  readonly jkt: string;
  readonly alg: SignatureAlg;
  readonly key: KeyObject;
  readonly publicJwk: PublicJwk;
};

/** Members that carry private or symmetric key material (RFC 7518 §6). */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/** Importing a key costs as much as verifying with it, so imported keys are kept, by their members: a pure function's results. */
const imported = new BoundedCache<PublicKey>(10_000);

/**
 * Checks a public key strictly: EC P-256 or OKP Ed25519, coordinates in their one spelling, no private or symmetric
 * material, and if `use`, `key_ops` or `alg` are there, they say that it verifies signatures. Other members are left
 * out (RFC 7517 §4). That the point is on its curve is `importPublicKey`'s to find. Throws `jwk.invalid`.
 */
export function readPublicJwk(value: unknown): PublicJwk {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse('is not an object');
  const jwk = value as Readonly<Record<string, unknown>>;
  if (privateMembers.some((member) => Object.hasOwn(jwk, member))) refuse('carries private or symmetric key material');
  checkPurpose(jwk);
  const { kty, crv, x, y, alg } = jwk;
  if (kty === 'EC' && crv === 'P-256' && isCoordinate(x) && isCoordinate(y) && (alg === undefined || alg === 'ES256')) {
    return { kty, crv, x, y };
  }
  if (kty === 'OKP' && crv === 'Ed25519' && isCoordinate(x) && [undefined, 'EdDSA', 'Ed25519'].includes(alg as string)) {
    return { kty, crv, x };
  }
  return refuse('is neither EC P-256 nor OKP Ed25519');
}

/** RFC 7517 §4.2, §4.3: a key that says what it is for must say that it verifies, and nothing else. */
function checkPurpose({ use, key_ops: operations }: Readonly<Record<string, unknown>>): void {
  if (use !== undefined && use !== 'sig') refuse('is not for signatures ("use")');
  if (operations === undefined) return;
  if (!Array.isArray(operations) || operations.length !== 1 || operations[0] !== 'verify') {
    refuse('is not for verifying ("key_ops")');
  }
}

function isCoordinate(value: unknown): value is string {
  return typeof value === 'string' && value.length === 43 && decodeBase64url(value) !== undefined;
}

/** RFC 7638 §3: SHA-256 over the required members in lexicographic order, in base64url. */
export function thumbprint(jwk: PublicJwk): string {
  const members =
    jwk.kty === 'EC'
      ? `{"crv":"P-256","kty":"EC","x":"${jwk.x}","y":"${jwk.y}"}`
      : `{"crv":"Ed25519","kty":"OKP","x":"${jwk.x}"}`;
  return hash('sha256', members, 'base64url');
}

/**
 * Takes a public key for verifying. Refuses what `readPublicJwk` refuses, a point off the curve, and Ed25519 points
 * of small order, under which one signature fits many messages. Throws `jwk.invalid`.
 */
export function importPublicKey(value: unknown): PublicKey {
  const jwk = readPublicJwk(value);
  // Of two lengths: no key of one kind is named as one of the other.
  const members = jwk.kty === 'EC' ? `${jwk.x}.${jwk.y}` : jwk.x;
  const before = imported.get(members);
  if (before !== undefined) return before;
  const key: PublicKey = { jkt: thumbprint(jwk), alg: algOf(jwk), key: importKeyObject(jwk, createPublicKey) };
  imported.set(members, key);
  return key;
}

/** Keys by the object that held them. */
const kept = new WeakMap<PublicJwk, PublicKey>();

/**
 * The same for a key of our own records, which was read strictly when it was taken in and which nobody changes: it is read
 * once for the object that holds it. Never for what a request brought.
 */
export function importKeptKey(jwk: PublicJwk): PublicKey {
  const before = kept.get(jwk);
  if (before !== undefined) return before;
  const key = importPublicKey(jwk);
  kept.set(jwk, key);
  return key;
}

function importKeyObject(jwk: PublicJwk, create: (input: { key: JsonWebKey; format: 'jwk' }) => KeyObject): KeyObject {
  if (jwk.kty === 'OKP' && !isStrongEd25519Point(Buffer.from(jwk.x, 'base64url'))) refuse('is a weak Ed25519 point');
  try {
    return create({ key: { ...jwk }, format: 'jwk' });
  } catch {
    return refuse('is not a point on its curve');
  }
}

function algOf(jwk: PublicJwk): SignatureAlg {
  return jwk.kty === 'EC' ? 'ES256' : 'EdDSA';
}

/** Makes a new key. `kid` is its thumbprint. */
export function generateSigningKey(alg: SignatureAlg = 'ES256'): SigningKey {
  const pair = alg === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  const publicJwk = readPublicJwk(pair.publicKey.export({ format: 'jwk' }));
  const jkt = thumbprint(publicJwk);
  return { kid: jkt, jkt, alg, key: pair.privateKey, publicJwk };
}

/**
 * Takes a private key as `exportPrivateKey` gave it. Refuses one whose public members do not belong to its `d`.
 * Throws `jwk.invalid`; the message never holds key material.
 */
export function importPrivateKey(value: unknown, kid?: string): SigningKey {
  if (typeof value !== 'object' || value === null) refuse('is not an object');
  const { d, key_ops: _operations, ...rest } = value as Readonly<Record<string, unknown>>;
  if (!isCoordinate(d)) refuse('has no private member "d" of 32 bytes');
  const publicJwk = readPublicJwk(rest);
  const key = importKeyObject({ ...publicJwk, d } as PrivateJwk, createPrivateKey);
  const signing = { jkt: thumbprint(publicJwk), alg: algOf(publicJwk), key, publicJwk };
  if (!signsFor(signing)) refuse('has a private member of another key');
  return { kid: kid ?? signing.jkt, ...signing };
}

/** `node:crypto` takes the public members of an EC key as they are said to be; only a signature shows that `d` is theirs. */
function signsFor({ alg, key, publicJwk }: Pick<SigningKey, 'alg' | 'key' | 'publicJwk'>): boolean {
  const digest = alg === 'ES256' ? 'sha256' : null;
  const probe = Buffer.from('which key is this');
  return verify(digest, probe, importPublicKey(publicJwk).key, sign(digest, probe, key));
}

/** The private key as a JWK, to be sealed before it is stored. Secret. */
export function exportPrivateKey(key: SigningKey): PrivateJwk {
  const { d } = key.key.export({ format: 'jwk' });
  if (!isCoordinate(d)) return refuse('cannot be exported');
  return { ...key.publicJwk, d };
}

/** The verifying half of a signing key. */
export function publicKeyOf(key: SigningKey): PublicKey {
  return importPublicKey(key.publicJwk);
}

function refuse(why: string): never {
  throw new ProofError('jwk.invalid', `The key ${why}. Send a public EC P-256 or OKP Ed25519 key for signatures.`);
}
