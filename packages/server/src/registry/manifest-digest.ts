import { createHash } from 'node:crypto';
import type { Manifest } from '@surety/contract/agent';
import { canonicalJson, fromPlain } from '@surety/contract/exact-json';

/** SHA-256, base64url, over the canonical JSON of a manifest: what the ledger binds an agent to. */
export function manifestDigest(manifest: Manifest): string {
  return createHash('sha256')
    .update(canonicalJson(fromPlain(manifest)))
    .digest('base64url');
}
