import { ExactNumber, type ExactRecord, type ExactValue, isExactList, isExactRecord } from '@surety/contract/exact-json';
import { type CedarRecord, type CedarValue, decimalOf, longOf } from './cedar-value.ts';
import type { PatternNeed } from './policy-needs.ts';

/** A JSON pointer (RFC 6901) as its keys: `/a~1b/0` → `a/b`, `0`. */
export function pointerKeys(pointer: string): readonly string[] {
  if (isOneKey(pointer)) return [pointer.slice(1)];
  return pointer
    .split('/')
    .slice(1)
    .map((key) => (key.includes('~') ? key.replaceAll('~1', '/').replaceAll('~0', '~') : key));
}

function isOneKey(pointer: string): boolean {
  return pointer.lastIndexOf('/') === 0 && !pointer.includes('~');
}

/** The value that a JSON pointer finds, or undefined where there is none. A null that was given is found, as null. */
export function valueAt(args: ExactRecord, pointer: string): ExactValue | undefined {
  let value: ExactValue | undefined = args;
  for (const key of pointerKeys(pointer)) {
    if (isExactList(value)) value = /^(?:0|[1-9]\d{0,15})$/.test(key) ? value[Number(key)] : undefined;
    else if (isExactRecord(value) && Object.hasOwn(value, key)) value = value[key];
    else return undefined;
  }
  return value;
}

/**
 * One argument with each side that a constraint can be about, of its own type: what a value is not has no such side, so
 * a constraint that asks for it does not hold. A number has the same side `number` however it was written (Cedar cannot
 * compare its Long with its decimal), and none when a decimal cannot hold it exactly.
 *
 * `text` (String) and `length` (Long, in Unicode characters) · `number` (decimal) · `whole` (Long) · `flag` (Bool) ·
 * `size` (Long, of a list) · `texts` (Set of String, of a list of at most 1,000 texts and nothing else) · `matches` (Set of
 * String, of a text: those of the patterns it is held to that it matches)
 */
export function argumentFact(value: ExactValue): CedarRecord {
  if (typeof value === 'string') return { text: value, length: BigInt(countCharacters(value)) };
  if (typeof value === 'boolean') return { flag: value };
  if (value instanceof ExactNumber) return numberFact(value);
  if (isExactList(value)) return listFact(value);
  return {};
}

function numberFact(value: ExactNumber): CedarRecord {
  const number = decimalOf(value);
  const whole = longOf(value);
  if (number === undefined) return whole === undefined ? {} : { whole };
  return whole === undefined ? { number } : { number, whole };
}

function listFact(value: readonly ExactValue[]): CedarRecord {
  const size = BigInt(value.length);
  return isTexts(value) ? { size, texts: [...new Set(value)] } : { size };
}

/** More than these, an engine would keep everybody else waiting. */
const maxTexts = 1000;

/** Whether a value has the side `texts`. */
export function isTexts(value: ExactValue): value is readonly string[] {
  return isExactList(value) && value.length <= maxTexts && value.every((item) => typeof item === 'string');
}

/** Unicode characters of a well-formed text: a pair of surrogates is one. */
export function countCharacters(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff]/g)?.length ?? 0);
}

function matchesOf(text: string, asked: readonly PatternNeed[]): readonly string[] {
  return asked.filter(({ matches }) => matches(text)).map(({ pattern }) => pattern);
}

/** `context.facts.at`: those of the pointers that find something. */
export function argumentFacts(
  args: ExactRecord,
  pointers: readonly string[],
  patterns: readonly PatternNeed[] = [],
): CedarRecord {
  const facts: Record<string, CedarValue> = {}; // a pointer begins with a slash, so that no name of it is one of Object's own
  for (const pointer of pointers) {
    const value = valueAt(args, pointer);
    if (value === undefined) continue;
    const fact = argumentFact(value);
    const asked = patterns.length === 0 ? patterns : patterns.filter((one) => one.pointer === pointer);
    facts[pointer] = asked.length === 0 || typeof value !== 'string' ? fact : { ...fact, matches: matchesOf(value, asked) };
  }
  return facts;
}
