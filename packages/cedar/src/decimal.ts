import { isLong } from './long.ts';

const digitsAfterPoint = 4;
const form = /^(-?)([0-9]+)\.([0-9]{1,4})$/;

/** Cedar's `decimal`: a 64-bit integer of ten thousandths. */
export class Decimal {
  readonly kind = 'decimal';
  readonly scaled: bigint;

  constructor(scaled: bigint) {
    this.scaled = scaled;
  }

  equals(other: object): boolean {
    return other instanceof Decimal && this.scaled === other.scaled;
  }

  get key(): string {
    return `d${this.scaled}`;
  }
}

/** Reads `-12.34`: a point, one to four digits after it. Undefined for anything else and beyond the range. */
export function readDecimal(text: string): Decimal | undefined {
  const [, sign = '', whole, fraction = ''] = form.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const scaled = BigInt(sign + whole + fraction.padEnd(digitsAfterPoint, '0'));
  return isLong(scaled) ? new Decimal(scaled) : undefined;
}
