import { sign, verify } from 'node:crypto';
import { type ExactRecord, isExactRecord, readExactJson } from '@surety/contract/exact-json';
import { hasZeroSpareBits } from './base64url.ts';
import { BoundedCache } from './bounded-cache.ts';
import { derFromRaw, rawFromDer } from './ecdsa-signature.ts';
import type { PublicJwk, PublicKey, SignatureAlg, SigningKey } from './jwk.ts';
import { ProofError } from './proof-error.ts';

/** The longest token that is read, in characters. */
export const maxTokenLength = 8_192;

const compact = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** Header members that would have us fetch or trust a key of the presenter's choice, or read the payload differently. */
const refusedMembers = ['crit', 'b64', 'jku', 'x5u', 'x5c', 'zip'];

/** Values of `alg` and what they mean; `Ed25519` is RFC 9864's name for what RFC 8037 calls `EdDSA`. */
const algs: Readonly<Record<string, SignatureAlg>> = { ES256: 'ES256', EdDSA: 'EdDSA', Ed25519: 'EdDSA' };

/** Which tokens are read: the values `typ` may have (undefined: absent) and the algorithms taken (default both). */
export type JwsExpectation = {
  readonly typ: string | readonly (string | undefined)[];
  readonly algs?: readonly SignatureAlg[];
};

/** A JWS whose form is right. Nothing in it is true until `verifyJws` says so. */
export type ParsedJws = {
  readonly header: ExactRecord;
  readonly claims: ExactRecord;
  readonly alg: SignatureAlg;
  readonly kid: string | undefined;
  readonly signingInput: Buffer;
  readonly signature: Buffer;
};

/** What goes into a header beside `alg`, which is the key's. */
export type JwsHeader = { readonly typ: string; readonly kid?: string; readonly jwk?: PublicJwk };

/** Signs claims (JSON text) as a compact JWS (RFC 7515 §3.1). */
export function signJws(key: SigningKey, header: JwsHeader, claimsJson: string): string {
  const head = Buffer.from(JSON.stringify({ alg: key.alg, ...header })).toString('base64url');
  return signAfter(head, key, claimsJson);
}

/** The same for many tokens with one header, which is written once. */
export function createJwsSigner(key: SigningKey, header: JwsHeader): (claimsJson: string) => string {
  const head = Buffer.from(JSON.stringify({ alg: key.alg, ...header })).toString('base64url');
  return (claimsJson) => signAfter(head, key, claimsJson);
}

/** Room to write in what is signed, and read it before anybody else has a turn. */
const room = Buffer.allocUnsafeSlow(2 * maxTokenLength);

function signAfter(head: string, key: SigningKey, claimsJson: string): string {
  const isShort = claimsJson.length * 3 <= maxTokenLength && head.length <= maxTokenLength;
  const payload = isShort ? room.toString('base64url', 0, room.write(claimsJson)) : Buffer.from(claimsJson).toString('base64url');
  const input = `${head}.${payload}`;
  const bytes = input.length <= room.length ? room.subarray(0, room.write(input, 'latin1')) : Buffer.from(input, 'latin1');
  const signature = key.alg === 'ES256' ? rawFromDer(sign('sha256', bytes, key.key)) : sign(null, bytes, key.key);
  return `${input}.${signature.toString('base64url')}`;
}

/**
 * Reads a compact JWS (RFC 7515 §3.1, RFC 8725 §3): the one spelling of each part, strict JSON, an allowed `alg` and
 * `typ`. Refuses JSON serialisation, JWE, `crit`, and every header that names a key or where to fetch one; `jwk` is
 * read only where the type of token defines it (`dpop+jwt`). Throws `jws.invalid`.
 */
export function readJws(token: string, expect: JwsExpectation): ParsedJws {
  if (typeof token !== 'string' || token.length > maxTokenLength) refuse('is too long');
  if (!compact.test(token)) refuse('is not three parts of base64url');
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  const header = readHeader(token.slice(0, first));
  const alg = checkHeader(header, expect);
  const kid = header['kid'];
  if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid.length > 256)) refuse('has a malformed "kid"');
  return {
    header,
    claims: readPart(token.slice(first + 1, second)),
    alg,
    kid,
    signingInput: Buffer.from(token.slice(0, second), 'latin1'),
    signature: decodePart(token.slice(second + 1)),
  };
}

/** A header as it was read, by its text: who signs with one key sends the same one each time. Nothing in it is true yet. */
const headers = new BoundedCache<ExactRecord>(4_000);

/** A longer header is read anew each time: what is kept stays small. */
const maxKeptHeader = 256;

function readHeader(part: string): ExactRecord {
  const known = headers.get(part);
  if (known !== undefined) return known;
  const header = Object.freeze(readPart(part));
  // A copy of the text: a slice would keep the token.
  if (part.length <= maxKeptHeader) headers.set(Buffer.from(part, 'latin1').toString('latin1'), header);
  return header;
}

function checkHeader(header: ExactRecord, expect: JwsExpectation): SignatureAlg {
  const { typ, alg: name } = header as { readonly typ?: unknown; readonly alg?: unknown };
  const types: readonly unknown[] = typeof expect.typ === 'string' ? [expect.typ] : expect.typ;
  if (!types.includes(typ)) refuse('is of another type ("typ")');
  for (const member of refusedMembers) if (member in header) refuse('has a header member that is refused');
  if ('jwk' in header && typ !== 'dpop+jwt') refuse('has a header member that is refused');
  const alg = typeof name === 'string' && Object.hasOwn(algs, name) ? algs[name] : undefined;
  if (alg === undefined || (expect.algs !== undefined && !expect.algs.includes(alg))) refuse('is signed by a refused "alg"');
  return alg;
}

function decodePart(part: string): Buffer {
  if (!hasZeroSpareBits(part)) refuse('is not in its one base64url spelling');
  return Buffer.from(part, 'base64url');
}

function readPart(part: string): ExactRecord {
  const value = readStrictly(decodePart(part));
  if (!isExactRecord(value)) return refuse('holds something other than a JSON object');
  return value;
}

function readStrictly(bytes: Buffer) {
  try {
    return readExactJson(bytes, { depth: 16, nodes: 1_000 });
  } catch {
    return refuse('holds malformed JSON or a duplicate member');
  }
}

/**
 * Whether the signature is the key's (RFC 7515 §5.2). The algorithm is the key's own and must be the header's: a token
 * never chooses.
 */
export function verifyJws(parsed: ParsedJws, key: PublicKey): boolean {
  return parsed.alg === key.alg && verifySignature(key, parsed.signingInput, parsed.signature);
}

/** Whether a signature is the key's, by the key's algorithm. ES256 is exactly 64 bytes with r, s ≠ 0; EdDSA exactly 64 bytes. */
export function verifySignature(key: PublicKey, input: Buffer, signature: Buffer): boolean {
  if (signature.length !== 64) return false;
  if (key.alg === 'EdDSA') return verify(null, input, key.key, signature);
  const der = derFromRaw(signature);
  return der !== undefined && verify('sha256', input, key.key, der);
}

function refuse(why: string): never {
  throw new ProofError('jws.invalid', `The token ${why}. Send a compact JWS signed with ES256 or EdDSA.`);
}
