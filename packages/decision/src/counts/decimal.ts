/** A number with a point, exactly: `digits / 10^scale`. */
type Decimal = { readonly digits: bigint; readonly scale: number };

/** As PostgreSQL writes a numeric and as an `ExactNumber` is written canonically. */
const form = /^(-?)(\d{1,400})(?:\.(\d{1,400}))?$/;

/** Adds two decimals, every digit kept: `0.1` and `0.25` are `0.35`. Throws `RangeError` for what is no decimal. */
export function addDecimals(one: string, other: string): string {
  const [a, b] = aligned(read(one), read(other));
  return write({ digits: a.digits + b.digits, scale: a.scale });
}

/** Negative when the first is smaller, zero when they are equal. Throws `RangeError` for what is no decimal. */
export function compareDecimals(one: string, other: string): number {
  const [a, b] = aligned(read(one), read(other));
  return a.digits < b.digits ? -1 : a.digits > b.digits ? 1 : 0;
}

/** What is left of the first, and nothing less than zero. */
export function leftOf(max: string, used: string): string {
  return compareDecimals(max, used) <= 0 ? '0' : addDecimals(max, used.startsWith('-') ? used.slice(1) : `-${used}`);
}

function read(text: string): Decimal {
  const [found, sign, whole, fraction = ''] = form.exec(text) ?? [];
  if (found === undefined) throw new RangeError('not a decimal');
  return { digits: BigInt(`${sign}${whole}${fraction}`), scale: fraction.length };
}

function aligned(a: Decimal, b: Decimal): [Decimal, Decimal] {
  const scale = Math.max(a.scale, b.scale);
  const to = ({ digits, scale: own }: Decimal): Decimal => ({ digits: digits * 10n ** BigInt(scale - own), scale });
  return [to(a), to(b)];
}

function write({ digits, scale }: Decimal): string {
  const sign = digits < 0n ? '-' : '';
  const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
  const fraction = scale === 0 ? '' : text.slice(-scale).replace(/0+$/, '');
  const whole = scale === 0 ? text : text.slice(0, -scale);
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}
