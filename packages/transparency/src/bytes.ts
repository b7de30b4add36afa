/** Size of a hash in bytes: every hash here is SHA-256. */
export const hashSize = 32;

/** Whether two byte strings are equal. The bytes are public: no care is taken of time. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** Standard Base64 with padding (RFC 4648 §4). */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Reads standard Base64 in its one spelling, or `undefined`: no white space, no missing padding, no loose bits. */
export function fromBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

/** Reads the Base64 of one hash, or `undefined`. */
export function hashFromBase64(text: string): Uint8Array | undefined {
  const bytes = fromBase64(text);
  return bytes?.length === hashSize ? bytes : undefined;
}

/** A non-negative integer in decimal without leading zeroes, exact in a double; or `undefined`. */
export function readSize(text: string): number | undefined {
  const size = /^(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(size) ? size : undefined;
}

/** The hash at a place in a run of hashes, without copying; or `undefined` past its end. */
export function hashAt(run: Uint8Array, place: number): Uint8Array | undefined {
  const hash = run.subarray(place * hashSize, (place + 1) * hashSize);
  return hash.length === hashSize ? hash : undefined;
}
