import { Constraint } from '@surety/contract/constraint';
import { cedarLiteral } from './cedar-text.ts';

/**
 * How a constraint is turned into Cedar. `must`: it holds only for a value that is given, of the right type, and within
 * the limit. `may`: it holds unless the value is plainly outside, for rules that ask a person: neither a value of another
 * type nor a number that is left to the system's own default gets around the question.
 */
export type Strictness = 'must' | 'may';

/** Members that a value which is not given plainly does not satisfy. Elsewhere the system's own default may. */
export const plainlyNotWhenMissing: ReadonlySet<ConstraintMember> = new Set(['in', 'like', 'eachIn', 'pattern']);

/**
 * The Cedar conditions of one constraint, each to be joined with `&&`. `pointer` names the argument's fact, whose sides
 * `argument-facts.ts` lists. Every side is asked for with `has` first, so no condition can err.
 */
export function constraintConditions(pointer: string, constraint: Constraint, strictness: Strictness): readonly string[] {
  return membersOf(constraint).map((member) => {
    const at = cedarLiteral(memberPointer(pointer, constraint, member));
    const given = `context.facts.at has ${at}`;
    const value = `context.facts.at[${at}]`;
    if (member === 'absent') return `!(${given})`;
    const tests = testsOf(value, member, constraint);
    const holds = `(${tests.map(({ side, test }) => `${value} has ${side} && ${test}`).join(' || ')})`;
    if (strictness === 'must') return `${given} && ${holds}`;
    const otherType = tests.map(({ side }) => `!(${value} has ${side})`).join(' && ');
    return plainlyNotWhenMissing.has(member)
      ? `${given} && (${otherType} || ${holds})`
      : `(!(${given}) || ${otherType} || ${holds})`;
  });
}

export type ConstraintMember = keyof Constraint;

/** Which argument a member is about: the constraint's own, or for the unit of a number the one that names it. */
export function memberPointer(pointer: string, { unit }: Constraint, member: ConstraintMember): string {
  return member === 'unit' && unit !== undefined ? unit.at : pointer;
}

/** The members that are given, in the order of the contract. */
export function membersOf(constraint: Constraint): readonly ConstraintMember[] {
  return (Object.keys(Constraint.shape) as ConstraintMember[]).filter((member) => constraint[member] !== undefined);
}

/** One side of the argument, and what it must pass. */
type Test = { readonly side: string; readonly test: string };

function testsOf(value: string, member: Exclude<ConstraintMember, 'absent'>, constraint: Constraint): readonly Test[] {
  switch (member) {
    case 'max':
      return [compareTest(value, 'lessThanOrEqual', constraint.max)];
    case 'min':
      return [compareTest(value, 'greaterThanOrEqual', constraint.min)];
    case 'over':
      return [compareTest(value, 'greaterThan', constraint.over)];
    case 'under':
      return [compareTest(value, 'lessThan', constraint.under)];
    case 'in':
      return oneOfTests(value, constraint.in ?? []);
    case 'like':
      return [{ side: 'text', test: `${value}.text like ${cedarLiteral(constraint.like ?? '')}` }];
    case 'notLike':
      return [{ side: 'text', test: `!(${value}.text like ${cedarLiteral(constraint.notLike ?? '')})` }];
    case 'maxLength':
      return [{ side: 'length', test: `${value}.length <= ${constraint.maxLength}` }];
    case 'maxItems':
      return [{ side: 'size', test: `${value}.size <= ${constraint.maxItems}` }];
    case 'pattern':
      return [{ side: 'matches', test: `${value}.matches.contains(${cedarLiteral(constraint.pattern ?? '')})` }];
    case 'unit':
      return [{ side: 'text', test: `${value}.text == ${cedarLiteral(constraint.unit?.is ?? '')}` }];
    case 'eachIn':
      return [{ side: 'texts', test: `${cedarSet(constraint.eachIn ?? [])}.containsAll(${value}.texts)` }];
  }
}

function compareTest(value: string, comparison: string, limit = ''): Test {
  return { side: 'number', test: `${value}.number.${comparison}(decimal("${cedarDecimal(limit) ?? ''}"))` };
}

function oneOfTests(value: string, listed: readonly (string | boolean | number)[]): readonly Test[] {
  const sides = [
    { side: 'text', values: listed.filter((one) => typeof one === 'string') },
    { side: 'flag', values: listed.filter((one) => typeof one === 'boolean') },
    { side: 'whole', values: listed.filter((one) => typeof one === 'number') },
  ];
  return sides
    .filter(({ values }) => values.length > 0)
    .map(({ side, values }) => ({ side, test: `${cedarSet(values)}.contains(${value}.${side})` }));
}

function cedarSet(values: readonly (string | boolean | number)[]): string {
  return `[${values.map((one) => (typeof one === 'string' ? cedarLiteral(one) : String(one))).join(', ')}]`;
}

/** A limit of the contract (`Amount`) as Cedar's decimal is written, every digit kept; undefined when Cedar cannot hold it. */
export function cedarDecimal(amount: string): string | undefined {
  const [, whole, fraction = '0'] = /^(-?\d+)(?:\.(\d{1,4}))?$/.exec(amount) ?? [];
  if (whole === undefined) return undefined;
  const scaled = BigInt(whole + fraction.padEnd(4, '0'));
  return BigInt.asIntN(64, scaled) === scaled ? `${whole}.${fraction}` : undefined;
}
