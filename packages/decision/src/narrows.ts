import type { AgentAction } from '@surety/contract/delegation';
import type { Conditions, Constraint } from '@surety/contract/constraint';
import { cedarDecimal } from './constraint-policy.ts';
import { matchesPattern } from './cedar-text.ts';
import { readTextPattern } from './text-pattern.ts';

/**
 * The first of `inner` that is not within one of `outer`; undefined when all are (RFC 9396 §6.1: the comparison is of the
 * type's own). What cannot be told is not within: a constraint that is there above must be there below, at least as narrow.
 * This is for an early and clear refusal: at every call both are evaluated, so that a mistake here widens nothing.
 */
export function firstWider(outer: readonly AgentAction[], inner: readonly AgentAction[]): AgentAction | undefined {
  return inner.find((one) => !outer.some((above) => isWithin(above, one)));
}

function isWithin(outer: AgentAction, inner: AgentAction): boolean {
  return (
    outer.locations[0] === inner.locations[0] &&
    isPatternWithin(outer.identifier, inner.identifier) &&
    areWithin(outer.constraints ?? {}, inner.constraints ?? {})
  );
}

/** A star below can only be taken up by a star above, so whatever stands for it below is taken up as well. */
function isPatternWithin(outer: string, inner: string): boolean {
  return outer === inner || (outer.includes('*') && matchesPattern(outer, inner));
}

function areWithin(outer: Conditions, inner: Conditions): boolean {
  return Object.entries(outer).every(([pointer, limit]) => {
    const below = Object.hasOwn(inner, pointer) ? inner[pointer] : undefined;
    return below !== undefined && isConstraintWithin(limit, below);
  });
}

type Rule<Name extends keyof Constraint> = (limit: NonNullable<Constraint[Name]>, below: Constraint) => boolean;

/** For each member above: whether what is there below keeps it. */
const rules: { readonly [Name in keyof Constraint]-?: Rule<Name> } = {
  max: (limit, { max, under }) => atMost(max, limit) || atMost(under, limit),
  under: (limit, { max, under }) => atMost(under, limit) || below(max, limit),
  min: (limit, { min, over }) => atMost(limit, min) || atMost(limit, over),
  over: (limit, { min, over }) => atMost(limit, over) || below(limit, min),
  in: (limit, below) => below.in !== undefined && below.in.every((one) => limit.includes(one)),
  like: (limit, below) =>
    (below.like !== undefined && isPatternWithin(limit, below.like)) ||
    (below.in !== undefined && below.in.every((one) => typeof one === 'string' && matchesPattern(limit, one))),
  notLike: (limit, below) =>
    below.notLike === limit ||
    (below.in !== undefined && below.in.every((one) => typeof one === 'string' && !matchesPattern(limit, one))),
  maxLength: (limit, below) => below.maxLength !== undefined && below.maxLength <= limit,
  maxItems: (limit, below) => below.maxItems !== undefined && below.maxItems <= limit,
  eachIn: (limit, below) => below.eachIn !== undefined && below.eachIn.every((one) => limit.includes(one)),
  absent: (_limit, below) => below.absent === true,
  pattern: (limit, below) =>
    below.pattern === limit ||
    (below.in !== undefined && below.in.every((one) => typeof one === 'string' && readTextPattern(limit)?.matches(one) === true)),
  unit: (limit, below) => below.unit?.at === limit.at && below.unit.is === limit.is,
};

function isConstraintWithin(outer: Constraint, inner: Constraint): boolean {
  return (Object.keys(outer) as (keyof Constraint)[]).every((name) => {
    const limit = outer[name];
    return limit === undefined || (rules[name] as (limit: unknown, below: Constraint) => boolean)(limit, inner);
  });
}

/** Ten-thousandths, exactly; undefined where a decimal cannot hold it. */
function exact(amount: string | undefined): bigint | undefined {
  if (amount === undefined || cedarDecimal(amount) === undefined) return undefined;
  const [whole = '', part = ''] = amount.replace('-', '').split('.');
  const size = BigInt(whole + part.padEnd(4, '0'));
  return amount.startsWith('-') ? -size : size;
}

function atMost(one: string | undefined, other: string | undefined): boolean {
  const [a, b] = [exact(one), exact(other)];
  return a !== undefined && b !== undefined && a <= b;
}

function below(one: string | undefined, other: string | undefined): boolean {
  const [a, b] = [exact(one), exact(other)];
  return a !== undefined && b !== undefined && a < b;
}
