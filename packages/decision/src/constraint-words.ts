import { ExactNumber, type ExactValue, isExactList, writeExactJson } from '@surety/contract/exact-json';
import type { Constraint } from '@surety/contract/constraint';
import { cedarLiteral } from './cedar-text.ts';
import { type ConstraintMember, memberPointer, membersOf } from './constraint-policy.ts';

/** What each member of a constraint asks, in the order of the contract: `/amount is at most 250`. */
export function constraintWords(pointer: string, constraint: Constraint): readonly string[] {
  return membersOf(constraint).map((member) => memberWords(pointer, constraint, member));
}

export function memberWords(pointer: string, constraint: Constraint, member: ConstraintMember): string {
  return `${quoteOdd(memberPointer(pointer, constraint, member))} ${saysOf(constraint, member)}`;
}

function saysOf(constraint: Constraint, member: ConstraintMember): string {
  switch (member) {
    case 'max':
      return `is at most ${constraint.max}`;
    case 'min':
      return `is at least ${constraint.min}`;
    case 'over':
      return `is more than ${constraint.over}`;
    case 'under':
      return `is less than ${constraint.under}`;
    case 'in':
      return oneOf(constraint.in ?? []);
    case 'like':
      return `matches ${cedarLiteral(constraint.like ?? '')}`;
    case 'notLike':
      return `does not match ${cedarLiteral(constraint.notLike ?? '')}`;
    case 'maxLength':
      return `has at most ${plural(constraint.maxLength ?? 0, 'character')}`;
    case 'maxItems':
      return `has at most ${plural(constraint.maxItems ?? 0, 'item')}`;
    case 'eachIn':
      return `holds nothing but ${(constraint.eachIn ?? []).map(cedarLiteral).join(', ')}`;
    case 'absent':
      return 'is not given';
    case 'pattern':
      return `matches the pattern ${cedarLiteral(constraint.pattern ?? '')}`;
    case 'unit':
      return `is ${cedarLiteral(constraint.unit?.is ?? '')}`;
  }
}

function oneOf(listed: readonly (string | boolean | number)[]): string {
  const words = listed.map((one) => (typeof one === 'string' ? cedarLiteral(one) : String(one)));
  return words.length === 1 ? `is ${words[0]}` : `is one of ${words.join(', ')}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A name as it is, or in quotes when it holds anything that could be read as part of the sentence. */
export function quoteOdd(name: string): string {
  return /^[\w.*/:@~+-]+$/.test(name) ? name : cedarLiteral(name);
}

const longestFound = 200;

/** A value that was found, as it was written: `420`, `"420"`, `a list of 3 items`. Cut off after 200 characters. */
export function foundWords(value: ExactValue | undefined): string {
  if (value === undefined) return 'not given';
  if (typeof value === 'string') return cut(cedarLiteral(cut(value)));
  if (value instanceof ExactNumber || typeof value === 'boolean' || value === null) return cut(writeExactJson(value));
  return isExactList(value) ? `a list of ${plural(value.length, 'item')}` : 'an object';
}

/** At most `longest` characters, never half a character. */
export function cut(text: string, longest: number = longestFound): string {
  return text.length <= longest
    ? text
    : `${text
        .slice(0, longest - 1)
        .toWellFormed()
        .replace(/\ufffd$/, '')}…`;
}
