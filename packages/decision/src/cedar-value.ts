import { Decimal, readDecimal } from '@surety/cedar/decimal';
import {
  ExactNumber,
  type ExactRecord,
  type ExactValue,
  canonicalJson,
  isExactList,
  isExactRecord,
} from '@surety/contract/exact-json';

export type EntityUid = { readonly type: string; readonly id: string };

/** A reference to an entity as a value. */
export class CedarEntityRef {
  readonly uid: EntityUid;

  constructor(uid: EntityUid) {
    this.uid = uid;
  }
}

/** A value of one of Cedar's extension types, in the spelling its constructor reads. */
export class CedarExtension {
  readonly constructorName: 'decimal' | 'datetime';
  readonly text: string;
  /** What the constructor makes of the text of a decimal, so that an engine need not read it again; undefined when it refuses. */
  readonly decimal: Decimal | undefined;

  private constructor(constructorName: 'decimal' | 'datetime', text: string, decimal?: Decimal) {
    this.constructorName = constructorName;
    this.text = text;
    this.decimal = decimal;
  }

  static decimal(text: string): CedarExtension {
    return new CedarExtension('decimal', text, readDecimal(text));
  }

  /** The decimal of a whole number, as it is written: `-12`, of at most 14 digits. */
  static whole(digits: string): CedarExtension {
    return new CedarExtension('decimal', `${digits}.0`, new Decimal(BigInt(digits) * 10_000n));
  }

  /** `ms` since the epoch. */
  static datetime(ms: number): CedarExtension {
    return new CedarExtension('datetime', new Date(ms).toISOString());
  }
}

/** A value as Cedar knows it, whatever engine evaluates it: a bigint is a Long, a list is a Set. */
export type CedarValue = string | boolean | bigint | CedarEntityRef | CedarExtension | readonly CedarValue[] | CedarRecord;
export type CedarRecord = { readonly [key: string]: CedarValue };

/**
 * The type of the entity that stands for a JSON value which Cedar has no type for. It equals nothing a policy can write
 * by accident, and comparing, matching or opening it is an evaluation error. So a policy that looks at such a value denies,
 * a forbid no less than a permit: leaving the value out would let a forbid that asks `has` pass it by.
 */
export const unheldType = 'Unheld';

/** Member names with which cedar-wasm marks entities and extension values: a record with one would be read as something else. */
const reserved = ['__entity', '__extn', '__expr'];

/**
 * A JSON value as Cedar sees it. Text and booleans as they are; a whole number within 64 bits as a Long; another number
 * with at most four decimals as a decimal, where it fits; lists as sets; objects as records. Everything else (null,
 * numbers beyond these, records with a reserved member name) is `Unheld`. A number is never changed to fit.
 */
export function toCedarValue(value: ExactValue): CedarValue {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (value instanceof ExactNumber) return longOf(value) ?? decimalOf(value) ?? unheld(value);
  if (isExactList(value)) return value.map(toCedarValue);
  return isExactRecord(value) ? toCedarRecord(value) : unheld(value);
}

/** How many values of the arguments policies can look at; with more, an engine would keep everybody else waiting. */
const maxValues = 500;

/**
 * The arguments of a call, or those of them named in `keys`: for policies that look at no others. An argument with which
 * they would hold more than 500 values is `Unheld`.
 */
export function toCedarArguments(args: ExactRecord, keys: 'all' | readonly string[]): CedarValue {
  const named = keys === 'all' ? Object.keys(args) : keys.filter((key) => Object.hasOwn(args, key));
  if (named.length > maxValues || reserved.some((key) => named.includes(key))) return unheld(args);
  const converted: Record<string, CedarValue> = Object.create(null);
  let left = maxValues;
  for (const key of named) {
    const value = args[key] ?? null;
    const count = countValues(value, left);
    const fits = count <= left;
    converted[key] = fits ? toCedarValue(value) : unheld(value);
    left -= fits ? count : 1;
  }
  return converted;
}

/** How many values there are in a value, itself included; counting ends beyond `enough`. */
function countValues(value: ExactValue, enough: number): number {
  let count = 1;
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return count;
  for (const member of isExactList(value) ? value : Object.values(value)) {
    if (count > enough) break;
    count += countValues(member, enough - count);
  }
  return count;
}

function toCedarRecord(record: ExactRecord): CedarValue {
  const keys = Object.keys(record);
  if (reserved.some((key) => keys.includes(key))) return unheld(record);
  const converted: Record<string, CedarValue> = Object.create(null);
  for (const key of keys) converted[key] = toCedarValue(record[key] ?? null);
  return converted;
}

function unheld(value: ExactValue): CedarEntityRef {
  return new CedarEntityRef({ type: unheldType, id: canonicalJson(value) });
}

const longest = 2n ** 63n;

/** The number as Cedar's Long, or undefined when it is not whole or beyond a signed 64-bit integer. */
export function longOf(number: ExactNumber): bigint | undefined {
  if (!number.isInteger) return undefined;
  const whole = number.toBigInt();
  return whole >= -longest && whole < longest ? whole : undefined;
}

/** A whole number of at most 14 digits in its one spelling: every decimal can hold it. */
const shortWhole = /^(?:0|-?[1-9]\d{0,13})$/;

/** The number as Cedar's decimal, or undefined when it has more than four decimals or is beyond its range. */
export function decimalOf(number: ExactNumber): CedarExtension | undefined {
  if (shortWhole.test(number.text)) return CedarExtension.whole(number.text);
  const text = number.toCedarDecimal();
  return text === undefined ? undefined : CedarExtension.decimal(text);
}
