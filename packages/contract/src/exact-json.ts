import { ExactNumber } from './exact-number.ts';

export { ExactNumber } from './exact-number.ts';

/** A JSON object: no prototype, so `__proto__` and `constructor` are plain keys. */
export type ExactRecord = { readonly [key: string]: ExactValue };

/** A JSON value whose numbers keep their digits. */
export type ExactValue = null | boolean | string | ExactNumber | readonly ExactValue[] | ExactRecord;

/** Why a text was refused. */
export type ExactJsonCode = 'json.malformed' | 'json.duplicate_key' | 'json.too_deep' | 'json.too_large' | 'json.inexact_number';

const messages: Readonly<Record<ExactJsonCode, string>> = {
  'json.malformed': 'The text is not JSON (RFC 8259). Send one JSON value in UTF-8 without a byte order mark.',
  'json.duplicate_key': 'An object has the same key twice. Send each key once.',
  'json.too_deep': 'Arrays and objects are nested too deeply. Send a flatter value.',
  'json.too_large': 'The text holds too many values. Send less at a time.',
  'json.inexact_number':
    'A number cannot be kept exactly. Write an integer of at most 64 digits, ' + 'a fraction a double can hold, or a string.',
};

/** A refused text. The message never quotes the text; `offset` counts UTF-16 code units from its start. */
export class ExactJsonError extends Error {
  override readonly name = 'ExactJsonError';
  readonly code: ExactJsonCode;
  readonly offset: number;

  constructor(code: ExactJsonCode, offset: number) {
    super(messages[code]);
    this.code = code;
    this.offset = offset;
  }
}

/** How much is read: `depth` levels of nesting (default 64, at most 1,000) and `nodes` values (default 100,000). */
export type ExactJsonLimits = { readonly depth?: number; readonly nodes?: number };

const maxDepth = 1_000;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads one JSON value (RFC 8259) in one pass. Bytes must be UTF-8. Refuses what lets two parsers disagree:
 * duplicate keys (compared after unescaping), numbers a double would change, lone surrogates, a byte order mark,
 * text after the value. Throws `ExactJsonError`.
 */
export function readExactJson(input: string | Uint8Array, limits: ExactJsonLimits = {}): ExactValue {
  const text = typeof input === 'string' ? input : decodeUtf8(input);
  if (typeof input === 'string' && !text.isWellFormed()) throw new ExactJsonError('json.malformed', 0);
  return new Reader(text, Math.min(limits.depth ?? 64, maxDepth), limits.nodes ?? 100_000).read();
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new ExactJsonError('json.malformed', 0);
  }
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const minus = 0x2d;
const zero = 0x30;
const nine = 0x39;
const point = 0x2e;

const unescaped: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

class Reader {
  private readonly text: string;
  private readonly maxNodes: number;
  private at = 0;
  private nodes = 0;
  private levelsLeft: number;

  constructor(text: string, depth: number, nodes: number) {
    this.text = text;
    this.levelsLeft = depth;
    this.maxNodes = nodes;
  }

  read(): ExactValue {
    const value = this.value(this.next());
    this.next();
    if (this.at < this.text.length) this.refuse('json.malformed');
    return value;
  }

  private refuse(code: ExactJsonCode, at = this.at): never {
    throw new ExactJsonError(code, at);
  }

  /** Skips white space; the code unit now at hand, NaN at the end. */
  private next(): number {
    let code = this.text.charCodeAt(this.at);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = this.text.charCodeAt(++this.at);
    return code;
  }

  private value(code: number): ExactValue {
    if (++this.nodes > this.maxNodes) this.refuse('json.too_large');
    if (code === quote) return this.string();
    if (code === openBrace) return this.object();
    if (code === openBracket) return this.array();
    if (code === minus || (code >= zero && code <= nine)) return this.number(code);
    if (code === 0x74) return this.word('true', true);
    if (code === 0x66) return this.word('false', false);
    if (code === 0x6e) return this.word('null', null);
    return this.refuse('json.malformed');
  }

  private word<Value>(word: string, value: Value): Value {
    if (!this.text.startsWith(word, this.at)) this.refuse('json.malformed');
    this.at += word.length;
    return value;
  }

  private object(): ExactRecord {
    if (--this.levelsLeft < 0) this.refuse('json.too_deep');
    const record: Record<string, ExactValue> = Object.create(null);
    this.at++;
    let code = this.next();
    if (code !== closeBrace) {
      for (;;) {
        if (code !== quote) this.refuse('json.malformed');
        const start = this.at;
        const key = this.string();
        if (record[key] !== undefined) this.refuse('json.duplicate_key', start); // it has no prototype, and no value is undefined
        if (this.next() !== colon) this.refuse('json.malformed');
        this.at++;
        record[key] = this.value(this.next());
        code = this.next();
        if (code === closeBrace) break;
        if (code !== comma) this.refuse('json.malformed');
        this.at++;
        code = this.next();
      }
    }
    this.at++;
    this.levelsLeft++;
    return record;
  }

  private array(): readonly ExactValue[] {
    if (--this.levelsLeft < 0) this.refuse('json.too_deep');
    const list: ExactValue[] = [];
    this.at++;
    let code = this.next();
    if (code !== closeBracket) {
      for (;;) {
        list.push(this.value(code));
        code = this.next();
        if (code === closeBracket) break;
        if (code !== comma) this.refuse('json.malformed');
        this.at++;
        code = this.next();
      }
    }
    this.at++;
    this.levelsLeft++;
    return list;
  }

  private string(): string {
    const { text } = this;
    const start = this.at + 1;
    let at = start;
    let code = text.charCodeAt(at);
    while (code !== quote && code !== backslash && code >= 0x20) code = text.charCodeAt(++at);
    if (code === quote) {
      this.at = at + 1;
      return text.slice(start, at);
    }
    if (code !== backslash) this.refuse('json.malformed', at);
    return this.escapedString(start, at);
  }

  private escapedString(start: number, firstEscape: number): string {
    const { text } = this;
    const parts: string[] = [];
    let from = start;
    let at = firstEscape;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === quote) break;
      if (code === backslash) {
        parts.push(text.slice(from, at));
        const hex = text.charAt(at + 1) === 'u';
        parts.push(hex ? this.unicodeEscape(at) : this.shortEscape(at));
        at += hex ? 6 : 2;
        from = at;
      } else if (code >= 0x20) {
        at++;
      } else {
        this.refuse('json.malformed', at);
      }
    }
    parts.push(text.slice(from, at));
    const value = parts.join('');
    if (!value.isWellFormed()) this.refuse('json.malformed', start);
    this.at = at + 1;
    return value;
  }

  private shortEscape(at: number): string {
    return unescaped[this.text.charAt(at + 1)] ?? this.refuse('json.malformed', at);
  }

  private unicodeEscape(at: number): string {
    const hex = this.text.slice(at + 2, at + 6);
    if (!/^[0-9a-fA-F]{4}$/.test(hex)) this.refuse('json.malformed', at);
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  private number(first: number): ExactNumber {
    const { text } = this;
    const start = this.at;
    let at = first === minus ? start + 1 : start;
    at = text.charCodeAt(at) === zero ? at + 1 : this.digits(at);
    if (text.charCodeAt(at) === point) at = this.digits(at + 1);
    if ((text.charCodeAt(at) | 0x20) === 0x65) {
      const sign = text.charCodeAt(at + 1);
      at = this.digits(sign === minus || sign === 0x2b ? at + 2 : at + 1);
    }
    this.at = at;
    return ExactNumber.fromScanned(text.slice(start, at)) ?? this.refuse('json.inexact_number', start);
  }

  /** One or more digits from `at`; where they end. */
  private digits(at: number): number {
    let end = at;
    let code = this.text.charCodeAt(end);
    while (code >= zero && code <= nine) code = this.text.charCodeAt(++end);
    if (end === at) this.refuse('json.malformed', at);
    return end;
  }
}

/** Whether a value is an object, told from arrays, null and numbers. */
export function isExactRecord(value: ExactValue | undefined): value is ExactRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
}

/** Whether a value is an array. */
export function isExactList(value: ExactValue | undefined): value is readonly ExactValue[] {
  return Array.isArray(value);
}

/** JSON text with every number as it was written: what is forwarded is what was decided. */
export function writeExactJson(value: ExactValue): string {
  return write(value, false);
}

/**
 * The one text of a value, for digests: keys sorted by UTF-16 code unit and the least escaping, as RFC 8785 §3.2.2
 * and §3.2.3; numbers in plain decimal with all their digits, where RFC 8785 would round them to a double.
 */
export function canonicalJson(value: ExactValue): string {
  return write(value, true);
}

function write(value: ExactValue, canonical: boolean): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof ExactNumber) return canonical ? value.canonical : value.text;
  let separator = '';
  let text = '';
  if (isExactList(value)) {
    for (const item of value) {
      text += separator + write(item, canonical);
      separator = ',';
    }
    return `[${text}]`;
  }
  if (!isExactRecord(value)) return String(value);
  const keys = Object.keys(value);
  for (const key of canonical ? keys.sort() : keys) {
    text += `${separator}${JSON.stringify(key)}:${write(value[key] ?? null, canonical)}`;
    separator = ',';
  }
  return `{${text}}`;
}

/**
 * Takes a plain JavaScript value as JSON. Numbers must be safe integers or finite fractions; larger integers come as
 * bigint. Members that are undefined are left out. Refuses what JSON cannot hold (a date, a function, a cycle, a lone
 * surrogate) with `ExactJsonError` at offset 0.
 */
export function fromPlain(value: unknown): ExactValue {
  return takePlain(value, 64);
}

function takePlain(value: unknown, levelsLeft: number): ExactValue {
  if (value === null || typeof value === 'boolean' || value instanceof ExactNumber) return value;
  if (typeof value === 'string' && value.isWellFormed()) return value;
  if (typeof value === 'number' || typeof value === 'bigint') return takeNumber(value);
  if (typeof value !== 'object') throw new ExactJsonError('json.malformed', 0);
  if (levelsLeft === 0) throw new ExactJsonError('json.too_deep', 0);
  return Array.isArray(value)
    ? Array.from(value, (item: unknown) => takePlain(item, levelsLeft - 1))
    : takeRecord(value, levelsLeft);
}

function takeRecord(value: object, levelsLeft: number): ExactValue {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new ExactJsonError('json.malformed', 0);
  const record: Record<string, ExactValue> = Object.create(null);
  for (const [key, member] of Object.entries(value)) {
    if (!key.isWellFormed()) throw new ExactJsonError('json.malformed', 0);
    if (member !== undefined) record[key] = takePlain(member, levelsLeft - 1);
  }
  return record;
}

function takeNumber(value: number | bigint): ExactNumber {
  const kept = typeof value === 'bigint' || !Number.isInteger(value) || Number.isSafeInteger(value);
  const number = kept ? ExactNumber.from(String(value)) : undefined;
  if (number === undefined) throw new ExactJsonError('json.inexact_number', 0);
  return number;
}

/**
 * The value as `JSON.parse` would give it, with integers beyond 2^53 as bigint. `__proto__` is an own, plain property.
 */
export function toPlain(value: ExactValue): unknown {
  if (isExactList(value)) return value.map(toPlain);
  if (value instanceof ExactNumber) {
    const nearest = value.toNumber();
    return Number.isInteger(nearest) && !Number.isSafeInteger(nearest) ? value.toBigInt() : nearest;
  }
  if (!isExactRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toPlain(member)]));
}
