import { randomFillSync } from 'node:crypto';
import { type IdKind, idPrefixes } from '@surety/contract/id';

const alphabet = Buffer.from('0123456789abcdefghjkmnpqrstvwxyz', 'latin1');

/** Where the digits of an id are put together. */
const digits = Buffer.alloc(26);

/**
 * A new identifier: prefix, 48 bits of milliseconds, 80 random bits, in 26 characters of Crockford base 32.
 * Ids made later sort later, to the millisecond. The brand is given by the caller, who knows the kind.
 */
export function newId<Id extends string>(kind: IdKind, now: number = Date.now()): Id {
  if (now !== put) putTime(now);
  putRandomDigits();
  return `${idPrefixes[kind]}_${digits.toString('latin1')}` as Id;
}

/** The time that stands in the digits. */
let put = Number.NaN;

function putTime(now: number): void {
  for (let rest = now, at = 9; at >= 0; at--, rest = Math.floor(rest / 32)) putDigit(at, rest % 32);
  put = now;
}

function putDigit(at: number, value: number): void {
  digits[at] = alphabet[value] ?? 0;
}

/** Random bytes in store: asking the system for each id would cost ten times as much. Each is given out once. */
const store = Buffer.alloc(2_560);
let taken = store.length;

/** 80 random bits in 16 digits: five bytes make eight. */
function putRandomDigits(): void {
  if (taken === store.length) {
    randomFillSync(store);
    taken = 0;
  }
  for (let at = 10; at < 26; at += 8, taken += 5) {
    const high = store.readUIntBE(taken, 2);
    const low = store.readUIntBE(taken + 2, 3);
    putDigit(at, high >> 11);
    putDigit(at + 1, (high >> 6) & 31);
    putDigit(at + 2, (high >> 1) & 31);
    putDigit(at + 3, ((high & 1) << 4) | (low >> 20));
    putDigit(at + 4, (low >> 15) & 31);
    putDigit(at + 5, (low >> 10) & 31);
    putDigit(at + 6, (low >> 5) & 31);
    putDigit(at + 7, low & 31);
  }
}
