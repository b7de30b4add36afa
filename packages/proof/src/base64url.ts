const spelling = /^[A-Za-z0-9_-]*$/;

/** Last characters whose spare bits are zero, by how many characters stand in the last group (RFC 4648 §3.5). */
const lastOfTwo = 'AQgw';
const lastOfThree = 'AEIMQUYcgkosw048';

/** Base64url without padding (RFC 7515 §2). */
export function encodeBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

/**
 * Decodes the one spelling of some bytes: the base64url alphabet only, no padding or white space, spare bits zero
 * (RFC 7515 §2, RFC 4648 §3.5). Undefined for every other spelling, so that no value has two names.
 */
export function decodeBase64url(text: string): Buffer | undefined {
  return spelling.test(text) && hasZeroSpareBits(text) ? Buffer.from(text, 'base64url') : undefined;
}

/** Whether text of the base64url alphabet has a possible length and zero spare bits at its end. */
export function hasZeroSpareBits(text: string): boolean {
  const left = text.length % 4;
  if (left === 0) return true;
  if (left === 1) return false;
  return (left === 2 ? lastOfTwo : lastOfThree).includes(text.charAt(text.length - 1));
}
