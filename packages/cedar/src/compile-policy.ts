import { compileExpression } from './compile-expression.ts';
import { type Json, readList, readOnly } from './est.ts';
import { Kept } from './kept.ts';
import { asBoolean } from './operators.ts';
import { PolicyRefused } from './policy-refused.ts';
import type { Evaluate, Question } from './question.ts';
import { readScope, type Scope, KeptHeads, type Slots } from './scope.ts';

export type Effect = 'permit' | 'forbid';

/** One condition of a policy. */
export type Clause = { readonly kind: 'when' | 'unless'; readonly evaluate: Evaluate };

/** What policies may share; see {@link Kept}. */
export class KeptParts {
  readonly heads = new KeptHeads();
  readonly conditions = new Kept<readonly Clause[]>();
}

/** A policy compiled: its head, for the index, and its conditions. */
export type CompiledPolicy = {
  readonly effect: Effect;
  readonly scope: Scope;
  readonly clauses: readonly Clause[];
};

/**
 * Compiles a policy in Cedar's JSON form (EST), or a template with its slots filled. A `Value` may be a bigint where a number
 * would lose digits. PolicyRefused when the policy cannot be read as it stands. What is in `kept` already is taken from there.
 */
export function compilePolicy(json: unknown, slots: Slots = {}, kept = new KeptParts()): CompiledPolicy {
  const policy = readOnly(json, ['effect', 'principal', 'action', 'resource', 'conditions', 'annotations'], 'a policy');
  return {
    effect: readEffect(policy),
    scope: readScope(policy, slots, kept.heads),
    clauses: compileConditions(policy, kept),
  };
}

function readEffect({ effect }: Json): Effect {
  if (effect !== 'permit' && effect !== 'forbid') throw new PolicyRefused('a policy permits or forbids');
  return effect;
}

function compileConditions({ conditions }: Json, kept: KeptParts): readonly Clause[] {
  const clauses = readList(conditions, 'the conditions of a policy');
  return clauses.length === 0 ? none : kept.conditions.take(clauses, () => clauses.map(compileClause));
}

const none: readonly Clause[] = [];

function compileClause(json: unknown): Clause {
  const { kind, body } = readOnly(json, ['kind', 'body'], 'a condition');
  const { evaluate } = compileExpression(body);
  if (kind !== 'when' && kind !== 'unless') throw new PolicyRefused('a condition says when or unless');
  return { kind, evaluate };
}

/** Whether all conditions hold, in their order; EvaluationError when that cannot be said. */
export function holds({ clauses }: CompiledPolicy, question: Question): boolean {
  for (const { kind, evaluate } of clauses) {
    if (asBoolean(evaluate(question)) !== (kind === 'when')) return false;
  }
  return true;
}
