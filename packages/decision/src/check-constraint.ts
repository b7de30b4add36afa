import { ExactNumber, type ExactValue, isExactList } from '@surety/contract/exact-json';
import type { Constraint } from '@surety/contract/constraint';
import { countCharacters, isTexts } from './argument-facts.ts';
import { matchesPattern } from './cedar-text.ts';
import { longOf } from './cedar-value.ts';
import { cedarDecimal, type ConstraintMember, plainlyNotWhenMissing, type Strictness } from './constraint-policy.ts';
import { readTextPattern } from './text-pattern.ts';

/**
 * Whether one member of a constraint is so, for explanations: the same answer as the Cedar condition that
 * `constraint-policy.ts` makes of it, from the value that `memberPointer` names. Nothing is decided here.
 */
export function checkMember(
  value: ExactValue | undefined,
  constraint: Constraint,
  member: ConstraintMember,
  strictness: Strictness,
): boolean {
  if (member === 'absent') return value === undefined;
  if (value === undefined) return strictness === 'may' && !plainlyNotWhenMissing.has(member);
  return isSo[member](value, constraint) ?? strictness === 'may';
}

type Asked = (value: ExactValue, constraint: Constraint) => boolean | undefined;

/** By member. Undefined when the value has no such side: it is of another type, or Cedar cannot hold it. */
const isSo: Readonly<Record<Exclude<ConstraintMember, 'absent'>, Asked>> = {
  max: (value, { max }) => compare(value, max, (order) => order <= 0),
  min: (value, { min }) => compare(value, min, (order) => order >= 0),
  over: (value, { over }) => compare(value, over, (order) => order > 0),
  under: (value, { under }) => compare(value, under, (order) => order < 0),
  in: (value, { in: listed = [] }) => isOneOf(value, listed),
  like: (value, { like = '' }) => ofText(value, (text) => matchesPattern(like, text)),
  notLike: (value, { notLike = '' }) => ofText(value, (text) => !matchesPattern(notLike, text)),
  pattern: (value, { pattern = '' }) => ofText(value, (text) => readTextPattern(pattern)?.matches(text)),
  unit: (value, { unit }) => ofText(value, (text) => text === unit?.is),
  maxLength: (value, { maxLength = 0 }) => ofText(value, (text) => countCharacters(text) <= maxLength),
  maxItems: (value, { maxItems = 0 }) => (isExactList(value) ? value.length <= maxItems : undefined),
  eachIn: (value, { eachIn = [] }) => (isTexts(value) ? value.every((one) => eachIn.includes(one)) : undefined),
};

function ofText(value: ExactValue, asked: (text: string) => boolean | undefined): boolean | undefined {
  return typeof value === 'string' ? asked(value) : undefined;
}

function compare(value: ExactValue, limit: string | undefined, holds: (order: number) => boolean): boolean | undefined {
  const given = value instanceof ExactNumber ? tenThousandths(value.toCedarDecimal()) : undefined;
  const bound = limit === undefined ? undefined : tenThousandths(cedarDecimal(limit));
  if (given === undefined || bound === undefined) return undefined;
  return holds(given < bound ? -1 : given > bound ? 1 : 0);
}

/** A Cedar decimal times 10,000, which is whole. */
function tenThousandths(decimal: string | undefined): bigint | undefined {
  if (decimal === undefined) return undefined;
  const [whole = '', fraction = ''] = decimal.split('.');
  return BigInt(whole + fraction.padEnd(4, '0'));
}

function isOneOf(value: ExactValue, listed: readonly (string | boolean | number)[]): boolean | undefined {
  if (value instanceof ExactNumber) {
    const whole = longOf(value);
    if (whole === undefined || !listed.some((one) => typeof one === 'number')) return undefined;
    return listed.some((one) => typeof one === 'number' && BigInt(one) === whole);
  }
  return listed.some((one) => typeof one === typeof value) ? listed.some((one) => one === value) : undefined;
}
