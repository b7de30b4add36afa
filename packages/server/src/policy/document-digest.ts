import { createHash } from 'node:crypto';
import { canonicalJson, fromPlain } from '@surety/contract/exact-json';

/** SHA-256, base64url, over the canonical JSON of a published document: what the ledger says of it. */
export function documentDigest(document: unknown): string {
  return createHash('sha256')
    .update(canonicalJson(fromPlain(document)))
    .digest('base64url');
}
