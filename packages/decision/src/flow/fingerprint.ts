import { createHmac, type KeyObject } from 'node:crypto';
import type { SalientValue } from './flow-facts.ts';

/** Bytes of a fingerprint: two values that share one by chance are not to be expected in the life of a house. */
export const fingerprintBytes = 16;

/**
 * The first 16 bytes of HMAC-SHA-256 over kind and value: equal values have equal fingerprints under one key, and nobody
 * without the key can tell from a fingerprint what the value was, however few there are to try. A `KeyObject` is imported once;
 * raw bytes are for each fingerprint.
 */
export function fingerprint(key: Uint8Array | KeyObject, { kind, value }: SalientValue): Buffer {
  return createHmac('sha256', key).update(`${kind}\0${value}`).digest().subarray(0, fingerprintBytes);
}
