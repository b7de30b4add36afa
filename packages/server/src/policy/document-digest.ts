import { createHash } from 'node:crypto';
import { canonicalJson, fromPlain } from '@surety/contract/exact-json';
import type { HistoryRule } from '@surety/contract/history';

/** SHA-256, base64url, over the canonical JSON of a published document: what the ledger says of it. */
export function documentDigest(document: unknown): string {
  return createHash('sha256')
    .update(canonicalJson(fromPlain(document)))
    .digest('base64url');
}

/** The digest of the organisation's policy: of its text alone while it has no rules beside it. */
export function policyDigest({
  text,
  rules = [],
}: {
  readonly text: string;
  readonly rules?: readonly HistoryRule[] | undefined;
}): string {
  return documentDigest(rules.length === 0 ? text : { text, rules });
}
