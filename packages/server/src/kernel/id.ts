import { randomUUID } from 'node:crypto';
import { type IdKind, idPrefixes } from '@surety/contract/id';

const alphabet = Buffer.from('0123456789abcdefghjkmnpqrstvwxyz', 'latin1');

/** Where the digits of an id are put together. */
const digits = Buffer.alloc(26);

/**
 * A new identifier: prefix, 48 bits of milliseconds, 80 random bits, in 26 characters of Crockford base 32.
 * Ids made later sort later, to the millisecond. The brand is given by the caller, who knows the kind.
 */
export function newId<Id extends string>(kind: IdKind, now: number = Date.now()): Id {
  for (let rest = now, at = 9; at >= 0; at--, rest = Math.floor(rest / 32)) putDigit(at, rest % 32);
  putRandomDigits();
  return `${idPrefixes[kind]}_${digits.toString('latin1')}` as Id;
}

function putDigit(at: number, value: number): void {
  digits[at] = alphabet[value] ?? 0;
}

/** Where five hexadecimal digits begin, one behind the other, that are random: version, variant and hyphens are left out. */
const randomPlaces = [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33];

/**
 * 80 random bits in 16 digits, out of the 122 of a UUID version 4: Node keeps random bytes in store for those, and asking
 * the system for each id would cost ten times as much.
 */
function putRandomDigits(): void {
  const uuid = randomUUID();
  for (let at = 10, from = 0; at < 26; at += 4) {
    let twenty = 0;
    for (const end = from + 5; from < end; from++) twenty = twenty * 16 + hexValue(uuid.charCodeAt(randomPlaces[from] ?? 0));
    putDigit(at, twenty >> 15);
    putDigit(at + 1, (twenty >> 10) & 31);
    putDigit(at + 2, (twenty >> 5) & 31);
    putDigit(at + 3, twenty & 31);
  }
}

function hexValue(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57;
}
