import { type ExactRecord, type ExactValue, isExactList, isExactRecord } from '@surety/contract/exact-json';
import { pointerKeys } from '../argument-facts.ts';

/** What stands in the place of a text that was masked. Anything else that is masked becomes null. */
export const maskedText = '[masked]';

/**
 * A value without what the pointers find in it; `*` stands for every item of a list and every member of an object. Where a
 * result has another shape than a pointer expects, more is masked rather than less: the pointer goes on in every item of a
 * list that it does not mention, and a text where it expects an object is masked whole.
 */
export function maskValue(value: ExactValue, pointers: readonly string[]): ExactValue {
  return pointers.reduce((masked, pointer) => maskAt(masked, pointerKeys(pointer)), value);
}

function maskAt(value: ExactValue, keys: readonly string[]): ExactValue {
  const [key, ...below] = keys;
  if (typeof value === 'string') return maskedText;
  if (key === undefined) return null;
  if (isExactList(value)) return maskItems(value, { key, below, keys });
  if (!isExactRecord(value)) return value;
  const isHit = (name: string): boolean => key === '*' || key === name;
  if (!Object.keys(value).some(isHit)) return value;
  const changed: Record<string, ExactValue> = Object.create(null);
  for (const name of Object.keys(value)) {
    const member = value[name] ?? null;
    changed[name] = isHit(name) ? maskAt(member, below) : member;
  }
  return changed as ExactRecord;
}

type Place = { readonly key: string; readonly below: readonly string[]; readonly keys: readonly string[] };

function maskItems(list: readonly ExactValue[], { key, below, keys }: Place): ExactValue {
  if (key === '*') return list.map((item) => maskAt(item, below));
  if (/^(?:0|[1-9]\d*)$/.test(key)) return list.map((item, at) => (key === String(at) ? maskAt(item, below) : item));
  return list.map((item) => (typeof item === 'object' && item !== null ? maskAt(item, keys) : item));
}
