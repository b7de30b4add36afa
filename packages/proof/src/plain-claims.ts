import { isNumericDate } from './claim.ts';

/** The claims of a DPoP proof (RFC 9449 §4.2) that are looked at. */
export type ProofClaims = {
  readonly jti: string;
  readonly htm: string;
  readonly htu: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly nonce: unknown;
  readonly ath: unknown;
};

/** The longest `jti`, `htm` and `htu` that are read, in characters. */
export const longest = { jti: 256, htm: 64, htu: 2_048 } as const;

/** Printable ASCII without a backslash: every JSON string in it is the text between its quotes. */
const plain = /^[\x20-\x5b\x5d-\x7e]+$/;

const names = ['iat', 'jti', 'htm', 'htu', 'nonce', 'ath'];

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;

/**
 * The claims of a payload written as every library writes it: one flat JSON object without white space or escapes, of the
 * six members and no others, each at most once, `iat` in plain digits and the rest strings. Undefined for any other text,
 * good or bad. It is a shorter way to what the strict reader says of such a text, never to anything else.
 */
export function readPlainClaims(text: string): ProofClaims | undefined {
  if (!plain.test(text) || !text.startsWith('{') || !text.endsWith('}')) return undefined;
  const values: (string | undefined)[] = [undefined, undefined, undefined, undefined, undefined, undefined];
  let at = 0; // where the brace or comma before a member stands
  do {
    const nameEnd = text.indexOf('"', at + 2);
    const place = nameEnd < 0 || text.charCodeAt(at + 1) !== quote ? -1 : names.indexOf(text.slice(at + 2, nameEnd));
    if (place < 0 || values[place] !== undefined || text.charCodeAt(nameEnd + 1) !== colon) return undefined;
    const from = nameEnd + 2;
    at = place === 0 ? endOfDigits(text, from) : endOfString(text, from);
    if (at === 0) return undefined;
    values[place] = place === 0 ? text.slice(from, at) : text.slice(from + 1, at - 1);
  } while (text.charCodeAt(at) === comma);
  return at === text.length - 1 ? claimsOf(values) : undefined;
}

/** Where a string that begins here has ended; 0 when none does. */
function endOfString(text: string, from: number): number {
  return text.charCodeAt(from) === quote ? text.indexOf('"', from + 1) + 1 : 0;
}

/** Where a whole number that begins here has ended (RFC 8259 §6: no zero in front); 0 when none does. */
function endOfDigits(text: string, from: number): number {
  let at = from;
  let code = text.charCodeAt(at);
  if (code === 0x30) return 0;
  while (code >= 0x30 && code <= 0x39) code = text.charCodeAt(++at);
  return at - from > 12 || at === from ? 0 : at;
}

function claimsOf([seconds, jti, htm, htu, nonce, ath]: readonly (string | undefined)[]): ProofClaims | undefined {
  if (seconds === undefined || !isShort(jti, longest.jti) || !isShort(htm, longest.htm) || !isShort(htu, longest.htu))
    return undefined;
  const iat = Number(seconds);
  return isNumericDate(iat) ? { jti, htm, htu, iat, nonce, ath } : undefined;
}

function isShort(value: string | undefined, maxLength: number): value is string {
  return value !== undefined && value !== '' && value.length <= maxLength;
}
