import { hasZeroSpareBits } from './base64url.ts';
import { BoundedCache } from './bounded-cache.ts';
import type { PublicKey } from './jwk.ts';
import { maxTokenLength, verifySignature } from './jws.ts';
import { type ProofClaims, readPlainClaims } from './plain-claims.ts';

/** A proof that is signed by the key it carries. */
export type SignedProof = { readonly claims: ProofClaims; readonly key: PublicKey };

/** A longer header is read anew each time: what is kept stays small. */
const maxHeaderLength = 512;

/** Keys by the header that carried them, letter for letter: what a header means follows from its text. */
const keys = new BoundedCache<PublicKey>(10_000);

/** Payload and signature in the alphabet of base64url; a signature of either algorithm has 64 bytes. */
const form = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}$/;

/** Room to work in. What stands in it is read before anybody else has a turn. */
const input = Buffer.allocUnsafeSlow(maxTokenLength);
const payload = Buffer.allocUnsafeSlow(maxTokenLength);
const signature = Buffer.allocUnsafeSlow(64);

/** Keeps the key of a proof that is signed by it, so that the next proof with the same header need not read it. */
export function rememberHeader(token: string, key: PublicKey): void {
  const length = token.indexOf('.');
  if (length > maxHeaderLength) return;
  keys.set(Buffer.from(token.slice(0, length), 'latin1').toString('latin1'), key); // a copy: a slice would keep the token
}

/**
 * Reads and verifies a proof by the shortest way there is: its header was read before, its payload is plain, its signature
 * holds. Undefined for everything else, good or bad: then the strict reader says what it is.
 */
export function readPlainProof(token: string): SignedProof | undefined {
  if (token.length > maxTokenLength) return undefined;
  const dot = token.indexOf('.');
  const key = dot < 0 ? undefined : keys.get(token.slice(0, dot));
  if (key === undefined) return undefined;
  const rest = token.slice(dot + 1);
  const end = rest.length - 87;
  const [claimsPart, signaturePart] = [rest.slice(0, end), rest.slice(end + 1)];
  if (!form.test(rest) || !hasZeroSpareBits(claimsPart) || !hasZeroSpareBits(signaturePart)) return undefined;
  const claims = readPlainClaims(payload.toString('latin1', 0, payload.write(claimsPart, 'base64url')));
  if (claims === undefined) return undefined;
  signature.write(signaturePart, 'base64url');
  input.write(token, 'latin1');
  return verifySignature(key, input.subarray(0, dot + 1 + end), signature) ? { claims, key } : undefined;
}
