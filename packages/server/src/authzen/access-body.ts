import type { IncomingMessage } from 'node:http';
import { ExactJsonError, type ExactRecord, isExactRecord, readExactJson } from '@surety/contract/exact-json';
import { Fault } from '#kernel/fault';
import { readBody } from '#kernel/read-body';

/** The longest body that is read, in bytes, and how many values and levels it may hold. */
const maxBytes = 524_288;
const limits = { depth: 40, nodes: 30_000 } as const;

/** What a request says, and the bytes that say it: one JSON object, strictly read. */
export type AccessBody = { readonly members: ExactRecord; readonly bytes: Buffer };

const jsonType = /^application\/json(?:\s*;\s*charset="?utf-8"?)?$/i;

/**
 * The body of a request (AuthZEN 1.0 §10.1): one JSON object, read strictly, with every digit. Everything else is a fault
 * `request.malformed` (400), another content type too; what is too long or holds too much is `request.too_large`.
 */
export async function readAccessBody(request: IncomingMessage): Promise<AccessBody> {
  if (!jsonType.test(request.headers['content-type'] ?? '')) malformed('/content-type', 'send application/json');
  if (request.headers['content-encoding'] !== undefined) malformed('/content-encoding', 'send the body as it is');
  const bytes = await readBody(request, maxBytes);
  try {
    const value = readExactJson(bytes, limits);
    if (isExactRecord(value)) return { members: value, bytes };
  } catch (thrown) {
    if (!(thrown instanceof ExactJsonError)) throw thrown;
    if (thrown.code === 'json.too_large') throw new Fault('request.too_large');
    malformed('/', thrown.message);
  }
  return malformed('/', 'send one JSON object');
}

/** Fault `request.malformed` about one part of the request. */
export function malformed(path: string, message: string): never {
  throw new Fault('request.malformed', undefined, { issues: [{ path, message }] });
}
