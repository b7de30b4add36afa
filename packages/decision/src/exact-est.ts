import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { isJson } from './read-est.ts';

/**
 * The JSON form of one policy, with every digit: an integer beyond 2^53 is a bigint. Undefined when the text is not exactly one
 * policy, or when a digit cannot be told.
 *
 * The official parser gives integers as JavaScript numbers. So a text with large ones is parsed twice: as it is, which says
 * what it means, and with each of them as the argument of a call, which says its digits. Where a number of the first form
 * is inexact and the second has no digits that round to it, the policy is refused.
 */
export function readExactEst(text: string): unknown {
  const plain = parse(text);
  if (plain === undefined || !holdsInexact(plain)) return plain;
  const marked = parse(text.replace(token, (word) => (/^\d{16,}$/.test(word) ? `ip("${mark}${word}")` : word)));
  return marked === undefined ? undefined : fillIn(plain, marked);
}

const mark = 'digits of a long: ';

/** Comments, strings, words and integers: an integer within one of the others is none. */
const token = /\/\/[^\n]*|"(?:[^"\\]|\\[\s\S])*"|[A-Za-z_]\w*|\d+/g;

function parse(text: string): unknown {
  const answer = cedar.policyToJson(text);
  return answer.type === 'success' ? answer.json : undefined;
}

/** A literal that may have lost digits. */
export function holdsInexact(node: unknown): boolean {
  if (typeof node === 'number') return !Number.isSafeInteger(node);
  return typeof node === 'object' && node !== null && Object.values(node).some(holdsInexact);
}

/** The first form with the digits of the second; undefined when they do not belong together. */
function fillIn(plain: unknown, marked: unknown): unknown {
  if (!holdsInexact(plain)) return plain;
  if (Array.isArray(plain)) return fillInList(plain, marked);
  if (!isJson(plain)) return undefined;
  if (typeof plain['Value'] === 'number') return fillInLiteral(plain['Value'], marked);
  if (!isJson(marked)) return undefined;
  const filled: [string, unknown][] = Object.keys(plain).map((key) => [key, fillIn(plain[key], marked[key])]);
  return filled.some(([key, value]) => value === undefined && plain[key] !== undefined) ? undefined : Object.fromEntries(filled);
}

function fillInList(plain: readonly unknown[], marked: unknown): unknown {
  if (!Array.isArray(marked) || marked.length !== plain.length) return undefined;
  const filled = plain.map((one, at) => fillIn(one, marked[at]));
  return filled.includes(undefined) ? undefined : filled;
}

function fillInLiteral(rounded: number, marked: unknown): unknown {
  const long = digitsIn(marked);
  return long !== undefined && Number(long) === rounded ? { Value: long } : undefined;
}

/** Of the call that stands for an integer, or of its negation: `-5` is one literal. */
function digitsIn(marked: unknown): bigint | undefined {
  if (!isJson(marked)) return undefined;
  const negated = isJson(marked['neg']) ? digitsIn(marked['neg']['arg']) : undefined;
  if (negated !== undefined) return -negated;
  const [argument] = Array.isArray(marked['ip']) ? marked['ip'] : [];
  const text = isJson(argument) ? argument['Value'] : undefined;
  return typeof text === 'string' && text.startsWith(mark) ? BigInt(text.slice(mark.length)) : undefined;
}
