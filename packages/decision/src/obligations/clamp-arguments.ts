import { ExactNumber, type ExactRecord, type ExactValue, isExactRecord } from '@surety/contract/exact-json';
import { pointerKeys } from '../argument-facts.ts';

/**
 * The arguments of a read with each page size or time-out brought down to what it may be at most; one that was not given is
 * set to it. The same object when nothing changes. Undefined when that cannot be done: what stands there is no whole number,
 * or there is no object to put it into.
 */
export function clampArguments(args: ExactRecord, clamp: Readonly<Record<string, number>>): ExactRecord | undefined {
  let clamped: ExactRecord | undefined = args;
  for (const [pointer, most] of Object.entries(clamp)) {
    clamped = clamped && clampAt(clamped, pointerKeys(pointer), most);
  }
  return clamped;
}

function clampAt(record: ExactRecord, [key, ...below]: readonly string[], most: number): ExactRecord | undefined {
  if (key === undefined) return undefined;
  const value = Object.hasOwn(record, key) ? record[key] : undefined;
  if (below.length === 0) {
    const number = clampNumber(value, most);
    return number === undefined || number === value ? number && record : { ...record, [key]: number };
  }
  const inner = value === undefined ? {} : value;
  if (!isExactRecord(inner)) return undefined;
  const changed = clampAt(inner, below, most);
  return changed === undefined || changed === value ? changed && record : { ...record, [key]: changed };
}

/** A whole number of at most this; undefined when what is there cannot be compared. */
function clampNumber(value: ExactValue | undefined, most: number): ExactNumber | undefined {
  if (value === undefined) return ExactNumber.from(String(most));
  if (!(value instanceof ExactNumber) || !/^\d{1,15}$/.test(value.text)) return undefined;
  return Number(value.text) <= most ? value : ExactNumber.from(String(most));
}
