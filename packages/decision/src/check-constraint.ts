import { ExactNumber, type ExactValue, isExactList } from '@surety/contract/exact-json';
import type { Constraint } from '@surety/contract/mandate';
import { countCharacters, isTexts } from './argument-facts.ts';
import { matchesPattern } from './cedar-text.ts';
import { longOf } from './cedar-value.ts';
import { cedarDecimal, type ConstraintMember, plainlyNotWhenMissing, type Strictness } from './constraint-policy.ts';

/**
 * Whether one member of a constraint is so, for explanations: the same answer as the Cedar condition that
 * `constraint-policy.ts` makes of it, from the value itself. Nothing is decided here.
 */
export function checkMember(
  value: ExactValue | undefined,
  constraint: Constraint,
  member: ConstraintMember,
  strictness: Strictness,
): boolean {
  if (member === 'absent') return value === undefined;
  if (value === undefined) return strictness === 'may' && !plainlyNotWhenMissing.has(member);
  return isSo(value, constraint, member) ?? strictness === 'may';
}

/** Undefined when the value has no such side: it is of another type, or Cedar cannot hold it. */
function isSo(value: ExactValue, constraint: Constraint, member: ConstraintMember): boolean | undefined {
  switch (member) {
    case 'max':
      return compare(value, constraint.max, (order) => order <= 0);
    case 'min':
      return compare(value, constraint.min, (order) => order >= 0);
    case 'over':
      return compare(value, constraint.over, (order) => order > 0);
    case 'under':
      return compare(value, constraint.under, (order) => order < 0);
    case 'in':
      return isOneOf(value, constraint.in ?? []);
    case 'like':
      return typeof value === 'string' ? matchesPattern(constraint.like ?? '', value) : undefined;
    case 'notLike':
      return typeof value === 'string' ? !matchesPattern(constraint.notLike ?? '', value) : undefined;
    case 'maxLength':
      return typeof value === 'string' ? countCharacters(value) <= (constraint.maxLength ?? 0) : undefined;
    case 'maxItems':
      return isExactList(value) ? value.length <= (constraint.maxItems ?? 0) : undefined;
    case 'eachIn':
      return isTexts(value) ? value.every((one) => constraint.eachIn?.includes(one)) : undefined;
    case 'absent':
      return false;
  }
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
