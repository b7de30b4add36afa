import { createHmac } from 'node:crypto';

/** Makes and recognises DPoP nonces (RFC 9449 §8). */
export type NonceSource = {
  /** The nonce to send in `DPoP-Nonce` now. */
  readonly issue: (nowMs: number) => string;
  /** Whether a nonce was issued, by any node that holds the same secret, recently enough. */
  readonly accepts: (nonce: string, nowMs: number) => boolean;
};

/** How far another node's clock may be ahead, in milliseconds. */
const aheadMs = 60_000;

/** 192 bits in base64url. */
const nonceLength = 32;

/**
 * Stateless nonces: HMAC-SHA-256 over the number of the time bucket. A nonce is accepted in its bucket and the next
 * one, so for at least `bucketSeconds` and less than twice that, on every node with the same 32-byte secret.
 */
export function createNonceSource(secret: Uint8Array, bucketSeconds = 300): NonceSource {
  if (secret.length !== 32) throw new RangeError('The nonce secret must be 32 bytes.');
  const bucketMs = bucketSeconds * 1_000;
  const made = new Map<number, string>();
  const nonceOf = (bucket: number): string => {
    const known = made.get(bucket);
    if (known !== undefined) return known;
    const mac = createHmac('sha256', secret).update(`surety dpop nonce ${bucketSeconds} ${bucket}`).digest('base64url');
    const nonce = mac.slice(0, nonceLength);
    if (made.size >= 4) made.clear();
    made.set(bucket, nonce);
    return nonce;
  };
  return {
    issue: (nowMs) => nonceOf(Math.floor(nowMs / bucketMs)),
    accepts: (nonce, nowMs) => {
      if (nonce.length !== nonceLength) return false;
      const now = Math.floor(nowMs / bucketMs);
      const ahead = Math.floor((nowMs + aheadMs) / bucketMs);
      if (isSame(nonce, nonceOf(now)) || isSame(nonce, nonceOf(now - 1))) return true;
      return ahead !== now && isSame(nonce, nonceOf(ahead));
    },
  };
}

/** Whether two texts of a nonce's length are the same; the time it takes says nothing of where they differ. */
function isSame(one: string, other: string): boolean {
  let difference = 0;
  for (let at = 0; at < nonceLength; at++) difference |= one.charCodeAt(at) ^ other.charCodeAt(at);
  return difference === 0;
}
