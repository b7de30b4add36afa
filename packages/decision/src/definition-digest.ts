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

/** What of a tool's description makes its definition (MCP): what a model reads of it, and what it takes and gives. */
export function definitionOf(tool: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { name, title, description, inputSchema, outputSchema, annotations } = tool;
  return { name, title, description, inputSchema, outputSchema, annotations };
}
