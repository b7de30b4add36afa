import { createHash } from 'node:crypto';
import { canonicalJson, ExactJsonError, fromPlain } from '@surety/contract/exact-json';
import type { MandateDocument } from '@surety/contract/mandate';
import { Fault } from '#kernel/fault';

/** An escaped NUL in JSON text, told from a backslash that is itself escaped. */
const nul = /(?<!\\)(?:\\\\)*\\u0000/;

/**
 * SHA-256, base64url, over the canonical JSON of a mandate document: what its giver signs. Fault `mandate.invalid` for text
 * that JSON or the database cannot hold as it stands (half a surrogate pair, NUL), so that what is read back is what was
 * signed.
 */
export function mandateDigest(document: MandateDocument): string {
  const text = canonical(document);
  if (nul.test(text)) refuse();
  return createHash('sha256').update(text).digest('base64url');
}

function canonical(document: MandateDocument): string {
  try {
    return canonicalJson(fromPlain(document));
  } catch (thrown) {
    if (thrown instanceof ExactJsonError) return refuse();
    throw thrown;
  }
}

function refuse(): never {
  throw new Fault('mandate.invalid', undefined, { issues: [{ path: '/document', message: 'text that cannot be kept exactly' }] });
}
