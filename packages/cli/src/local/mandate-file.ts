import { createHash } from 'node:crypto';
import { canonicalJson, fromPlain } from '@surety/contract/exact-json';
import { MandateDocument } from '@surety/contract/mandate';
import { malformed } from '@surety/sdk/surety-error';
import { isScalar, parseDocument, visit } from 'yaml';
import { usage } from '../cli-error.ts';

/** Members whose value is an amount: kept as written, so that no digit is lost on the way through a double. */
const amounts = new Set(['max', 'min', 'over', 'under']);

/** A mandate as it stands in a YAML (or JSON) file, before it is known to be one. Says where it cannot be read. */
export function parseMandate(text: string): Readonly<Record<string, unknown>> {
  const document = parseDocument(text, { uniqueKeys: true, version: '1.2' });
  const [error] = document.errors;
  if (error !== undefined) throw usage('The mandate cannot be read.', error.message.split('\n')[0] ?? 'Write it as YAML.');
  visit(document, {
    Pair: (_key, { key, value }) => {
      const isAmount = isScalar(key) && amounts.has(String(key.value)) && isScalar(value) && typeof value.value === 'number';
      if (isAmount && value.source !== undefined) value.value = value.source;
    },
  });
  const value: unknown = document.toJS({ maxAliasCount: 0 });
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw usage('The mandate is empty.', 'Write which agent, for what, until when, and what it may do.');
  return value as Record<string, unknown>;
}

/** The document as it will be signed, in its one form. */
export function readMandateDocument(value: unknown): MandateDocument {
  const read = MandateDocument.safeParse(value);
  if (!read.success) throw malformed(read.error.issues);
  return read.data;
}

/** SHA-256, base64url, over the canonical JSON of the document: computed here, so that nobody signs what a server names. */
export function digestMandate(document: MandateDocument): string {
  return createHash('sha256')
    .update(canonicalJson(fromPlain(document)))
    .digest('base64url');
}
