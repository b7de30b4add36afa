import {
  ExactJsonError,
  ExactNumber,
  type ExactRecord,
  type ExactValue,
  isExactList,
  isExactRecord,
  readExactJson,
} from '@surety/contract/exact-json';
import type { JsonRpcId } from './json-rpc.ts';
import { Rejection } from './rejection.ts';

/** One JSON-RPC message. `body` is what would be forwarded: only the members that JSON-RPC names. */
export type Message =
  | {
      readonly kind: 'request';
      readonly id: JsonRpcId;
      readonly method: string;
      readonly params: ExactRecord;
      readonly body: ExactRecord;
    }
  | { readonly kind: 'notification'; readonly method: string; readonly params: ExactRecord; readonly body: ExactRecord }
  | { readonly kind: 'response'; readonly body: ExactRecord };

const maxIdLength = 256;
const maxMethodLength = 128;

/**
 * Reads one JSON-RPC 2.0 message as MCP allows it: an object (no batches), `params` an object, an id that is a string
 * or a safe integer. What lets two parsers disagree, and what nests too deeply, is refused. Throws `Rejection`.
 */
export function readMessage(bytes: Uint8Array, depth: number): Message {
  const value = readValue(bytes, depth);
  if (isExactList(value))
    throw new Rejection(400, 'invalid_request', 'Batches are not part of MCP. Send one message in one request.');
  if (!isExactRecord(value) || value['jsonrpc'] !== '2.0') throw notAMessage();
  const { id, method } = value;
  if (method === undefined) return readResponse(value, id);
  if (typeof method !== 'string' || method.length > maxMethodLength) throw notAMessage();
  const params = value['params'] ?? {};
  if (!isExactRecord(params)) throw new Rejection(400, 'invalid_request', '"params" must be an object.');
  const rest = value['params'] === undefined ? {} : { params };
  if (id === undefined) return { kind: 'notification', method, params, body: { jsonrpc: '2.0', method, ...rest } };
  return { kind: 'request', id: readId(id), method, params, body: { jsonrpc: '2.0', id, method, ...rest } };
}

function readValue(bytes: Uint8Array, depth: number): ExactValue {
  try {
    return readExactJson(bytes, { depth });
  } catch (thrown) {
    if (!(thrown instanceof ExactJsonError)) throw thrown;
    throw new Rejection(400, 'parse_error', thrown.message, { reason: thrown.code });
  }
}

function readResponse(value: ExactRecord, id: ExactValue | undefined): Message {
  const { result, error } = value;
  if (id === undefined || (result === undefined) === (error === undefined)) throw notAMessage();
  readId(id);
  return {
    kind: 'response',
    body: result === undefined ? { jsonrpc: '2.0', id, error: error ?? null } : { jsonrpc: '2.0', id, result },
  };
}

function readId(id: ExactValue): JsonRpcId {
  if (typeof id === 'string' && id.length <= maxIdLength) return id;
  const number = id instanceof ExactNumber ? id.toNumber() : Number.NaN;
  if (!Number.isSafeInteger(number))
    throw new Rejection(400, 'invalid_request', `"id" must be a safe integer or a string of at most ${maxIdLength} characters.`);
  return number;
}

function notAMessage(): Rejection {
  return new Rejection(400, 'invalid_request', 'This is not a JSON-RPC 2.0 message.');
}
