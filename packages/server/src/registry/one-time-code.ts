import { createHash, randomBytes } from 'node:crypto';

/** Crockford's base 32: no letter that is taken for a digit. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** A new one-time code: 26 characters, 130 random bits. It is shown once; only its hash is kept. */
export function newCode(): string {
  return Array.from(randomBytes(26), (byte) => alphabet.charAt(byte & 31)).join('');
}

/** SHA-256 of a code: what is stored, and what a code is looked up by. */
export function hashCode(code: string): Buffer {
  return createHash('sha256').update(code).digest();
}
