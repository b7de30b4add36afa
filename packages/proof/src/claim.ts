import { type ExactRecord, ExactNumber } from '@surety/contract/exact-json';

/** The end of year 9999, in seconds: a later NumericDate is a mistake in the unit. */
const maxNumericDate = 253_402_300_799;

/** Allowed difference between two clocks, in seconds. */
export const clockSkewSeconds = 60;

/** A NumericDate written as plain digits (RFC 7519 §2, without fractions), in seconds; undefined for anything else. */
export function numericDate(claims: ExactRecord, name: string): number | undefined {
  const value = claims[name];
  if (!(value instanceof ExactNumber) || !/^[0-9]{1,12}$/.test(value.text)) return undefined;
  const seconds = value.toNumber();
  return isNumericDate(seconds) ? seconds : undefined;
}

/** Whether a whole number of seconds since the epoch may be a date. */
export function isNumericDate(seconds: number): boolean {
  return seconds <= maxNumericDate;
}

/** A string of 1 to `maxLength` characters without control characters; undefined for anything else. */
export function text(claims: ExactRecord, name: string, maxLength: number): string | undefined {
  const value = claims[name];
  // oxlint-disable-next-line no-control-regex -- control characters are what this refuses
  if (typeof value !== 'string' || value === '' || value.length > maxLength || /[\u0000-\u001f\u007f]/.test(value))
    return undefined;
  return value;
}
