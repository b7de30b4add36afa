import { ExactNumber, type ExactValue } from '@surety/contract/exact-json';

const prefix = '=?base64?';
const suffix = '?=';
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Characters that need no wrapping: visible ASCII, and spaces between them (RFC 9110 §5.5). */
const plain = /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/;

/**
 * Reads a header that mirrors a member of the body (MCP 2026-07-28, Streamable HTTP): as it stands, or as base64 of
 * UTF-8 between `=?base64?` and `?=`. Undefined when it is wrapped but is not canonical base64 of UTF-8.
 */
export function decodeHeaderValue(value: string): string | undefined {
  const text = value.replace(/^[\t ]+|[\t ]+$/g, '');
  if (!text.startsWith(prefix) || !text.endsWith(suffix) || text.length < prefix.length + suffix.length) return text;
  const wrapped = text.slice(prefix.length, -suffix.length);
  if (!base64.test(wrapped)) return undefined;
  try {
    return utf8.decode(Buffer.from(wrapped, 'base64'));
  } catch {
    return undefined;
  }
}

/** The header that mirrors a text: `decodeHeaderValue` reads it back. */
export function encodeHeaderValue(text: string): string {
  const asItStands = plain.test(text) && !(text.startsWith(prefix) && text.endsWith(suffix));
  return asItStands ? text : prefix + Buffer.from(text, 'utf8').toString('base64') + suffix;
}

/** The text that mirrors a string, number or boolean of the body; undefined for anything else. */
export function mirrorText(value: ExactValue | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  return value instanceof ExactNumber ? value.text : undefined;
}

/** Whether a decoded header says the same as a member of the body. Numbers are compared by value: `42.0` is `42`. */
export function mirrors(decoded: string, value: ExactValue): boolean {
  if (value instanceof ExactNumber) return ExactNumber.from(decoded)?.canonical === value.canonical;
  return decoded === mirrorText(value);
}
