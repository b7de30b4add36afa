import { hash } from 'node:crypto';

/** What may be used once: a DPoP proof (RFC 9449 §11.1) a client assertion (RFC 7523 §3), or a token that was handed on. Kept until it has expired anyway. */
export type Spend = { readonly key: Buffer; readonly expiresAtMs: number };

/**
 * The key of something that may be used once: SHA-256 over the kind and the parts, each behind its length, so that no
 * two lists of parts give the same text. Parts that come from outside cannot make it longer than 32 bytes.
 */
export function spendKey(kind: 'dpop' | 'assertion' | 'delegation', ...parts: readonly string[]): Buffer {
  return hash('sha256', [kind, ...parts].map((part) => `${Buffer.byteLength(part)}:${part}`).join(''), 'buffer');
}
