import { type ExactRecord, type ExactValue, isExactList, isExactRecord } from '@surety/contract/exact-json';
import { defaultMapping, isPassedThrough } from './default-mapping.ts';
import { fillTemplate, MappingError, type MappingInput } from './expression.ts';
import type { McpMessage } from './mcp-message.ts';

/**
 * What is to be asked before a message goes on (COAZ-MCP). `pass`: nothing. `unknown`: no mapping, so it is denied. `error`: it
 * is denied as malformed (-32602). `evaluations`: it goes on only when every item is permitted.
 */
export type MappedMessage =
  | { readonly kind: 'pass' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'error'; readonly path: string; readonly message: string }
  | { readonly kind: 'evaluation' | 'evaluations'; readonly request: ExactRecord };

/** JSON-RPC error codes of the binding (COAZ-MCP, error handling). */
export const coazErrors = { mapping: -32602, denied: -32001, unreachable: -32603 } as const;

/** The member of a tool's input schema in which its server says how a call of it is authorised. */
export const mappingMember = 'x-authzen-mapping';

/**
 * Makes the AuthZEN request of an MCP message, by the mapping that the server declares for the tool, or by the default for the
 * method. Whose request it is comes from the token alone: a mapping that says otherwise is an error. Never throws.
 */
export function mapMessage(message: McpMessage): MappedMessage {
  if (isPassedThrough(message.method)) return { kind: 'pass' };
  try {
    const declared = message.method === 'tools/call' ? message.inputSchema?.[mappingMember] : undefined;
    const mapping = declared === undefined ? defaultMapping(message) : declared;
    return mapping === undefined ? { kind: 'unknown' } : applyMapping(mapping, message);
  } catch (thrown) {
    if (thrown instanceof MappingError) return { kind: 'error', path: thrown.path, message: thrown.message };
    throw thrown;
  }
}

function applyMapping(mapping: ExactValue, message: McpMessage): MappedMessage {
  const [envelope, ...more] = isExactRecord(mapping) ? Object.keys(mapping) : [];
  if (!isExactRecord(mapping) || more.length > 0 || (envelope !== 'evaluation' && envelope !== 'evaluations'))
    throw new MappingError('', 'has exactly one member: evaluation or evaluations');
  const path = `/${envelope}`;
  const template = mapping[envelope];
  if (!isExactRecord(template)) throw new MappingError(path, 'is no object');
  const input: MappingInput = { params: message.params, token: withOneAudience(message) };
  const filled = withoutAbsent(fillTemplate(template, input, path), path);
  const subject = anchoredSubject(filled['subject'], message, `${path}/subject`);
  if (envelope === 'evaluation') {
    checkParts(filled, path);
    return { kind: envelope, request: { ...known(filled, path, parts), subject } };
  }
  const items = filled['evaluations'];
  if (!isExactList(items) || items.length === 0) throw new MappingError(`${path}/evaluations`, 'is no list of evaluations');
  items.forEach((item, at) => checkItem(item, filled, `${path}/evaluations/${at}`));
  return { kind: envelope, request: { ...known(filled, path, [...parts, 'evaluations']), subject } };
}

const parts = ['subject', 'action', 'resource', 'context'];

function withoutAbsent(value: ExactValue | undefined, path: string): ExactRecord {
  if (!isExactRecord(value)) throw new MappingError(path, 'is no object');
  return value;
}

/** `options` is not among them: a message goes on when every item is permitted, whatever a mapping would like. */
function known(filled: ExactRecord, path: string, names: readonly string[]): ExactRecord {
  const other = Object.keys(filled).find((name) => !names.includes(name));
  if (other !== undefined) throw new MappingError(path, 'has a member that means nothing here');
  return filled;
}

function checkItem(item: ExactValue, defaults: ExactRecord, path: string): void {
  if (!isExactRecord(item)) throw new MappingError(path, 'is no object');
  if ('subject' in item) throw new MappingError(`${path}/subject`, 'stands above, once for all evaluations');
  checkParts({ ...defaults, ...known(item, path, parts) }, path);
}

function checkParts({ action, resource, context }: ExactRecord, path: string): void {
  checkText(action, 'name', `${path}/action`);
  checkText(resource, 'type', `${path}/resource`);
  checkText(resource, 'id', `${path}/resource`);
  if (context !== undefined && !isExactRecord(context)) throw new MappingError(`${path}/context`, 'is no object');
}

function checkText(value: ExactValue | undefined, name: string, path: string): void {
  const text = isExactRecord(value) ? value[name] : undefined;
  if (typeof text !== 'string' || text === '') throw new MappingError(`${path}/${name}`, 'is no text');
}

/** The subject of the token, with whatever else the mapping says of it: that is a claim of the server like everything it maps. */
function anchoredSubject(
  declared: ExactValue | undefined,
  { token, subjectClaim = 'sub' }: McpMessage,
  path: string,
): ExactRecord {
  const id = token[subjectClaim];
  if (typeof id !== 'string' || id === '') throw new MappingError(path, 'the token does not say whose request this is');
  if (declared === undefined) return { type: 'identity', id };
  if (!isExactRecord(declared)) throw new MappingError(path, 'is no object');
  if (declared['id'] !== undefined && declared['id'] !== id)
    throw new MappingError(`${path}/id`, 'is not who the token says, and nobody else can be asked about');
  if (declared['type'] !== undefined && typeof declared['type'] !== 'string')
    throw new MappingError(`${path}/type`, 'is no text');
  return { type: 'identity', ...declared, id };
}

/** A token for several audiences is, for a mapping, one for this server. */
function withOneAudience({ token, server }: McpMessage): ExactRecord {
  const { aud } = token;
  if (typeof aud === 'string') return token;
  if (isExactList(aud) && aud.filter((one) => one === server).length === 1) return { ...token, aud: server };
  const { aud: _unusable, ...rest } = token;
  return rest;
}
