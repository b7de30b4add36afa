import type { LintFinding } from '@surety/contract/lab';

/** A finding before it is known where its policy begins. `at`: characters from there. */
export type Finding = Pick<LintFinding, 'level' | 'rule' | 'message' | 'next'> & { readonly at?: number };

export function warning(rule: string, message: string, next: string, at = 0): Finding {
  return { level: 'warning', rule, message, next, at };
}
