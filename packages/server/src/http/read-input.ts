import type { IncomingMessage } from 'node:http';
import { ExactJsonError, isExactRecord, readExactJson, toPlain } from '@surety/contract/exact-json';
import { pathMembers, type Route } from '@surety/contract/route';
import { Fault } from '#kernel/fault';
import { readBody } from '#kernel/read-body';

/** The longest body that is read, in bytes. */
const maxBytes = 1_048_576;

const jsonType = /^application\/json(?:\s*;\s*charset="?utf-8"?)?$/i;

type Members = Readonly<Record<string, unknown>>;

/**
 * What a request says, before its schema judges: members of the path, and those of the query (GET, DELETE) or of a JSON
 * body. Each member comes from one place, once. Faults `request.malformed`, `request.too_large`.
 */
export async function readInput(
  request: IncomingMessage,
  route: Route,
  path: Readonly<Record<string, string>>,
): Promise<Members> {
  const query = new URL(request.url ?? '/', 'http://path.invalid').searchParams;
  const takesQuery = route.method === 'GET' || route.method === 'DELETE';
  if (!takesQuery && query.size > 0) malformed('/', 'this address takes no query');
  const members = takesQuery ? fromQuery(query) : await fromBody(request);
  for (const name of pathMembers(route.path))
    if (Object.hasOwn(members, name)) malformed(`/${name}`, 'is part of the path and comes once');
  return { ...members, ...path };
}

function fromQuery(query: URLSearchParams): Members {
  const members = new Map<string, string>();
  for (const [name, value] of query) {
    if (members.has(name)) malformed('/', 'a member of the query comes more than once');
    members.set(name, value);
  }
  return Object.fromEntries(members);
}

async function fromBody(request: IncomingMessage): Promise<Members> {
  const body = await readBody(request, maxBytes);
  if (body.length === 0) return {};
  if (!jsonType.test(request.headers['content-type'] ?? '')) malformed('/content-type', 'send application/json');
  if (request.headers['content-encoding'] !== undefined) malformed('/content-encoding', 'send the body as it is');
  return readRecord(body);
}

function readRecord(body: Buffer): Members {
  try {
    const value = readExactJson(body);
    if (isExactRecord(value)) return toPlain(value) as Members;
  } catch (thrown) {
    if (thrown instanceof ExactJsonError) malformed('/', thrown.message);
    throw thrown;
  }
  return malformed('/', 'send one JSON object');
}

function malformed(path: string, message: string): never {
  throw new Fault('request.malformed', undefined, { issues: [{ path, message }] });
}
