import { compileExpression } from './compile-expression.ts';
import { type Json, readList, readOnly } from './est.ts';
import { asBoolean } from './operators.ts';
import { PolicyRefused } from './policy-refused.ts';
import type { Question } from './question.ts';
import { readScope, type Scope, type Slots } from './scope.ts';

export type Effect = 'permit' | 'forbid';

/** A policy compiled: its head, for the index, and its conditions. */
export type CompiledPolicy = {
  readonly effect: Effect;
  readonly scope: Scope;
  /** Whether all conditions hold; EvaluationError when that cannot be said. Undefined when there are none. */
  readonly holds: ((question: Question) => boolean) | undefined;
};

/**
 * Compiles a policy in Cedar's JSON form (EST), or a template with its slots filled. A `Value` may be a bigint where a number
 * would lose digits. PolicyRefused when the policy cannot be read as it stands.
 */
export function compilePolicy(json: unknown, slots: Slots = {}): CompiledPolicy {
  const policy = readOnly(json, ['effect', 'principal', 'action', 'resource', 'conditions', 'annotations'], 'a policy');
  return { effect: readEffect(policy), scope: readScope(policy, slots), holds: compileConditions(policy) };
}

function readEffect({ effect }: Json): Effect {
  if (effect !== 'permit' && effect !== 'forbid') throw new PolicyRefused('a policy permits or forbids');
  return effect;
}

function compileConditions({ conditions }: Json): CompiledPolicy['holds'] {
  const clauses = readList(conditions, 'the conditions of a policy').map(compileClause);
  const [first, ...more] = clauses;
  return more.length === 0 ? first : (question) => clauses.every((holds) => holds(question));
}

function compileClause(json: unknown): (question: Question) => boolean {
  const { kind, body } = readOnly(json, ['kind', 'body'], 'a condition');
  const { evaluate } = compileExpression(body);
  if (kind === 'when') return (question) => asBoolean(evaluate(question));
  if (kind === 'unless') return (question) => !asBoolean(evaluate(question));
  throw new PolicyRefused('a condition says when or unless');
}
