import type { IncomingHttpHeaders } from 'node:http';
import type { GuardedSystem } from '@surety/contract/enforcement';
import { type ExactRecord, type ExactValue, isExactList, isExactRecord } from '@surety/contract/exact-json';
import { mismatch } from './check-version.ts';
import { decodeHeaderValue, encodeHeaderValue, mirrors, mirrorText } from './header-value.ts';

const prefix = 'mcp-param-';
const maxDepth = 8;
const maxSystems = 256;

/** Which arguments of a tool headers mirror: the path to each, by the lower-case name of its header. */
type Mirrored = ReadonlyMap<string, readonly string[]>;

type Known = { readonly revision: number; readonly tools: Map<string, Mirrored> };

/** Which tools mirror arguments in headers, as their schemas said when a list of them last came by. A cache, not a record. */
export type ParameterHeaders = {
  learn(system: GuardedSystem, tools: ExactValue | undefined): void;
  /** Undefined when no schema of the tool has come by. */
  of(system: GuardedSystem, tool: string): Mirrored | undefined;
};

export function createParameterHeaders(): ParameterHeaders {
  const known = new Map<string, Known>();
  return {
    learn: (system, tools) => {
      const before = known.get(system.id);
      const entry =
        before?.revision === system.revision ? before : { revision: system.revision, tools: new Map<string, Mirrored>() };
      known.delete(system.id);
      known.set(system.id, entry);
      const oldest = known.size > maxSystems ? known.keys().next().value : undefined;
      if (oldest !== undefined) known.delete(oldest);
      for (const tool of isExactList(tools) ? tools : []) {
        const name = isExactRecord(tool) ? tool['name'] : undefined;
        if (isExactRecord(tool) && typeof name === 'string' && system.operations.has(name))
          entry.tools.set(name, mirroredBy(tool['inputSchema']));
      }
    },
    of: (system, tool) => {
      const entry = known.get(system.id);
      return entry?.revision === system.revision ? entry.tools.get(tool) : undefined;
    },
  };
}

/** Properties marked `x-mcp-header`, reached through `properties` only. */
function mirroredBy(schema: ExactValue | undefined): Mirrored {
  const found = new Map<string, readonly string[]>();
  const visit = (node: ExactValue | undefined, path: readonly string[]): void => {
    const properties = isExactRecord(node) ? node['properties'] : undefined;
    if (!isExactRecord(properties) || path.length >= maxDepth) return;
    for (const [name, property] of Object.entries(properties)) {
      const header = isExactRecord(property) ? property['x-mcp-header'] : undefined;
      if (typeof header === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(header))
        found.set(prefix + header.toLowerCase(), [...path, name]);
      visit(property, [...path, name]);
    }
  };
  visit(schema, []);
  return found;
}

/** Whether a request brings headers that claim to mirror arguments. */
export function hasParameterHeaders(headers: IncomingHttpHeaders): boolean {
  return Object.keys(headers).some((name) => name.startsWith(prefix));
}

/**
 * Compares the headers that mirror arguments with the arguments (MCP 2026-07-28, "Custom headers from tool
 * parameters") and gives those to send on, written from the arguments alone. Throws `Rejection` -32020.
 */
export function checkParameterHeaders(
  headers: IncomingHttpHeaders,
  mirrored: Mirrored,
  args: ExactRecord,
): Record<string, string> {
  const sent: Record<string, string> = {};
  for (const [header, path] of mirrored) {
    const value = at(args, path);
    const text = mirrorText(value);
    if (value === undefined || text === undefined) continue;
    const given = headers[header];
    const decoded = typeof given === 'string' ? decodeHeaderValue(given) : undefined;
    if (decoded === undefined || !mirrors(decoded, value)) throw mismatch(header, typeof given === 'string' ? given : undefined);
    sent[header] = encodeHeaderValue(text);
  }
  return sent;
}

function at(args: ExactRecord, path: readonly string[]): ExactValue | undefined {
  let value: ExactValue | undefined = args;
  for (const name of path) value = isExactRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
}
