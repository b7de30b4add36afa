import { randomUUID } from 'node:crypto';
import { type IdKind, idPrefixes } from '@surety/contract/id';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * A new identifier: prefix, 48 bits of milliseconds, 80 random bits, in 26 characters of Crockford base 32.
 * Ids made later sort later, to the millisecond. The brand is given by the caller, who knows the kind.
 */
export function newId<Id extends string>(kind: IdKind, now: number = Date.now()): Id {
  let time = '';
  for (let rest = now, digit = 0; digit < 10; digit++, rest = Math.floor(rest / 32)) time = alphabet.charAt(rest % 32) + time;
  return `${idPrefixes[kind]}_${time}${randomDigits()}` as Id;
}

/**
 * 80 random bits in 16 digits, out of the 122 of a UUID version 4: Node keeps random bytes in store for those, and asking
 * the system for each id would cost ten times as much. Left out are the digits of version and variant.
 */
function randomDigits(): string {
  const hex = randomUUID().replaceAll('-', '');
  const bits = hex.slice(0, 10) + hex.slice(20, 30);
  let digits = '';
  for (let at = 0; at < 20; at += 5) {
    const twenty = Number.parseInt(bits.slice(at, at + 5), 16);
    for (const shift of [15, 10, 5, 0]) digits += alphabet.charAt((twenty >> shift) & 31);
  }
  return digits;
}
