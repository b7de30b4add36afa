import { createHash } from 'node:crypto';
import { canonicalJson, fromPlain } from '@surety/contract/exact-json';

/**
 * SHA-256, base64url, over the canonical JSON of an operation's definition: its name, title, description, schemas and
 * annotations, as the server gave them. Whatever changes in them makes it another definition, to be looked at again.
 * Throws `ExactJsonError` for what JSON cannot hold exactly.
 */
export function definitionDigest(definition: unknown): string {
  return createHash('sha256')
    .update(canonicalJson(fromPlain(definition)))
    .digest('base64url');
}
