import type { JsonRpcId } from './json-rpc.ts';

/** What a guard needs to know of a message from a system; the message itself is passed on as it was written. */
export type Envelope =
  | { readonly kind: 'answer'; readonly id: JsonRpcId | null; readonly isError: boolean; readonly isToolError: boolean }
  | { readonly kind: 'request' | 'notification'; readonly method: string };

/** More values or levels than this in one message are refused: parsing them would take the guard's memory. */
const maxValues = 1_000_000;
const maxDepth = 512;

/** Texts shorter than this cannot hold enough to hurt. */
const unboundedLength = 64 << 10;

/** Reads what kind of JSON-RPC message a text is, or undefined when it is none. */
export function readEnvelope(text: string): Envelope | undefined {
  if (text.length > unboundedLength && !isBounded(text)) return undefined;
  const message = parse(text);
  if (!isRecord(message) || message['jsonrpc'] !== '2.0') return undefined;
  const { id, method, result, error } = message;
  if (typeof method === 'string') return { kind: id === undefined ? 'notification' : 'request', method };
  if (!isId(id) && id !== null) return undefined;
  if (isRecord(error)) return { kind: 'answer', id, isError: true, isToolError: false };
  return isRecord(result) ? { kind: 'answer', id, isError: false, isToolError: result['isError'] === true } : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isId(value: unknown): value is JsonRpcId {
  return typeof value === 'string' || (typeof value === 'number' && Number.isSafeInteger(value));
}

/** Counts levels and separators outside of strings, without building anything. */
function isBounded(text: string): boolean {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) at = endOfString(text, at);
    else if (code === 0x5b || code === 0x7b) depth++;
    else if (code === 0x5d || code === 0x7d) depth--;
    if (code === 0x2c || code === 0x5b || code === 0x7b) values++;
    if (depth > maxDepth || values > maxValues) return false;
  }
  return true;
}

/** The closing quote of the string that opens at `start`, or the end of the text. */
function endOfString(text: string, start: number): number {
  let from = start + 1;
  for (;;) {
    const quote = text.indexOf('"', from);
    if (quote === -1) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return quote;
    from = quote + 1;
  }
}
