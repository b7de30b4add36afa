/** The longest integer that is read, in digits. Cedar's Long has 19, a uint256 has 78 and is refused. */
const maxIntegerDigits = 64;

/** More digits than this in an exponent are refused unread: no double reaches them. */
const maxExponentDigits = 4;

const grammar = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/** ±digits × 10^exponent; `digits` has no zero at either end and is empty for zero. */
type Scientific = { readonly negative: boolean; readonly digits: string; readonly exponent: number };

/**
 * A JSON number (RFC 8259 §6) that keeps the digits it was written with, so that the decision, the digest and the
 * upstream all see the same value. Holds any integer to 64 digits, and any fraction that a double does not change.
 */
export class ExactNumber {
  /** The literal as it was written. */
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
  }

  /** Reads a JSON number literal. Undefined when it is not one, or when its value cannot be kept exactly. */
  static from(text: string): ExactNumber | undefined {
    return grammar.test(text) && isExactLiteral(text) ? new ExactNumber(text) : undefined;
  }

  /** For the reader, which has already checked the grammar. Undefined when the value cannot be kept exactly. */
  static fromScanned(text: string): ExactNumber | undefined {
    return text.length < 16 && !isFractional(text)
      ? new ExactNumber(text)
      : isExactLiteral(text)
        ? new ExactNumber(text)
        : undefined;
  }

  /** Whether the value, however written, is a whole number: `1.0` and `1e2` are. */
  get isInteger(): boolean {
    return isPlainInteger(this.text) || scientific(this.text).exponent >= 0;
  }

  /** The value in plain decimal, one spelling per value: `1.0` → `1`, `1e2` → `100`, `-0` → `0`. At most 350 characters. */
  get canonical(): string {
    if (isPlainInteger(this.text)) return this.text;
    const { negative, digits, exponent } = scientific(this.text);
    if (digits === '') return '0';
    const sign = negative ? '-' : '';
    if (exponent >= 0) return sign + digits + '0'.repeat(exponent);
    const point = digits.length + exponent;
    return point > 0 ? `${sign}${digits.slice(0, point)}.${digits.slice(point)}` : `${sign}0.${'0'.repeat(-point)}${digits}`;
  }

  /** The value as a bigint. Throws `RangeError` when it is not whole; ask `isInteger` first. */
  toBigInt(): bigint {
    if (!this.isInteger) throw new RangeError('The number has a fraction; ask isInteger before toBigInt.');
    return BigInt(this.canonical);
  }

  /**
   * The value as Cedar's `decimal` is written (`1` → `1.0`): at most four fraction digits, and times 10,000 within
   * a signed 64-bit integer. Undefined when Cedar cannot hold it; a constraint on such a value denies.
   */
  toCedarDecimal(): string | undefined {
    const { digits, exponent } = scientific(this.text);
    if (exponent < -4 || digits.length + exponent > 15) return undefined;
    const canonical = this.canonical;
    const text = canonical.includes('.') ? canonical : `${canonical}.0`;
    const [whole = '', fraction = ''] = text.split('.');
    return BigInt.asIntN(64, BigInt(whole + fraction.padEnd(4, '0'))) === BigInt(whole + fraction.padEnd(4, '0'))
      ? text
      : undefined;
  }

  /** The nearest double: equal to the value unless it is an integer beyond 2^53. */
  toNumber(): number {
    return Number(this.text);
  }
}

/** Whether a literal is a whole number in its canonical spelling already: all but `-0` and what has a point or exponent. */
function isPlainInteger(text: string): boolean {
  return text !== '-0' && !isFractional(text);
}

/** Whether a literal is written with a point or an exponent. */
function isFractional(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x2e || (code | 0x20) === 0x65) return true;
  }
  return false;
}

/** Whether a literal of the grammar is within bounds and, when written with a point or an exponent, unchanged by a double. */
function isExactLiteral(text: string): boolean {
  if (!isFractional(text)) return text.length - (text.startsWith('-') ? 1 : 0) <= maxIntegerDigits;
  const power = text.slice(text.search(/[eE]|$/) + 1).replace(/^[+-]/, '');
  if (power.length > maxExponentDigits) return false;
  const written = scientific(text);
  if (written.exponent >= 0 && written.digits.length + written.exponent > maxIntegerDigits) return false;
  const nearest = Number(text);
  if (!Number.isFinite(nearest)) return false;
  const shortest = scientific(String(nearest));
  return written.digits === shortest.digits && (written.digits === '' || written.exponent === shortest.exponent);
}

/** Takes a literal apart. Never expands an exponent, so its cost is the literal's length. */
function scientific(text: string): Scientific {
  const negative = text.startsWith('-');
  const mark = text.search(/[eE]|$/);
  const mantissa = text.slice(negative ? 1 : 0, mark);
  const point = mantissa.indexOf('.');
  const fractionDigits = point === -1 ? 0 : mantissa.length - point - 1;
  const all = point === -1 ? mantissa : mantissa.slice(0, point) + mantissa.slice(point + 1);
  let start = 0;
  let end = all.length;
  while (start < end && all.charCodeAt(start) === 0x30) start++;
  while (end > start && all.charCodeAt(end - 1) === 0x30) end--;
  if (start === end) return { negative, digits: '', exponent: 0 };
  const power = mark < text.length ? Number(text.slice(mark + 1)) : 0;
  return { negative, digits: all.slice(start, end), exponent: power - fractionDigits + (all.length - end) };
}
