import { createHmac, timingSafeEqual } from 'node:crypto';

/** Makes and recognises DPoP nonces (RFC 9449 §8). */
export type NonceSource = {
  /** The nonce to send in `DPoP-Nonce` now. */
  readonly issue: (nowMs: number) => string;
  /** Whether a nonce was issued, by any node that holds the same secret, recently enough. */
  readonly accepts: (nonce: string, nowMs: number) => boolean;
};

/** How far another node's clock may be ahead, in milliseconds. */
const aheadMs = 60_000;

/**
 * Stateless nonces: HMAC-SHA-256 over the number of the time bucket. A nonce is accepted in its bucket and the next
 * one, so for at least `bucketSeconds` and less than twice that, on every node with the same 32-byte secret.
 */
export function createNonceSource(secret: Uint8Array, bucketSeconds = 300): NonceSource {
  if (secret.length !== 32) throw new RangeError('The nonce secret must be 32 bytes.');
  const bucketMs = bucketSeconds * 1_000;
  const made = new Map<number, Buffer>();
  const nonceOf = (bucket: number): Buffer => {
    const known = made.get(bucket);
    if (known !== undefined) return known;
    const nonce = createHmac('sha256', secret).update(`surety dpop nonce ${bucketSeconds} ${bucket}`).digest('base64url');
    const bytes = Buffer.from(nonce.slice(0, 32), 'latin1');
    if (made.size >= 4) made.clear();
    made.set(bucket, bytes);
    return bytes;
  };
  return {
    issue: (nowMs) => nonceOf(Math.floor(nowMs / bucketMs)).toString('latin1'),
    accepts: (nonce, nowMs) => {
      const presented = Buffer.from(nonce, 'utf8');
      if (presented.length !== 32) return false;
      const now = Math.floor(nowMs / bucketMs);
      const ahead = Math.floor((nowMs + aheadMs) / bucketMs);
      const matches = [now - 1, now, ahead].map((bucket) => timingSafeEqual(presented, nonceOf(bucket)));
      return matches.includes(true);
    },
  };
}
