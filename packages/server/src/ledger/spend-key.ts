import { hash } from 'node:crypto';

/**
 * What may be used once: a DPoP proof (RFC 9449 §11.1), a client assertion (RFC 7523 §3), a token that was handed on, a code, a
 * refresh token. Kept until it has expired anyway.
 */
export type Spend = { readonly key: Buffer; readonly expiresAtMs: number };

/**
 * The key of something that may be used once: SHA-256 over the kind and the parts, each behind its length, so that no
 * two lists of parts give the same text. Parts that come from outside cannot make it longer than 32 bytes.
 */
export function spendKey(kind: 'dpop' | 'assertion' | 'delegation' | 'code' | 'refresh', ...parts: readonly string[]): Buffer {
  let text = `${kind.length}:${kind}`;
  for (const part of parts) text += `${Buffer.byteLength(part)}:${part}`;
  return Buffer.from(hash('sha256', text, 'binary'), 'latin1'); // out of the common store: memory of its own would cost more
}
