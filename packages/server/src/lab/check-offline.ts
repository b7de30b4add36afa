import type { LintFinding, PolicyChange, TestResult } from '@surety/contract/lab';
import { openCedar } from '@surety/decision/cedar-engine';
import type { KnownSystem } from '@surety/decision/lint/known-systems';
import { lintPolicies } from '@surety/decision/lint/lint-policies';
import { runPolicyTests } from '@surety/decision/lint/run-policy-tests';

/** What is said of a change where no server is asked. */
export type OfflineCheck = { readonly lint: readonly LintFinding[]; readonly tests: TestResult };

/**
 * Looks at the texts of a change and runs its tests, with the decision point of this computer: no server, no network. Without
 * known systems, whatever a policy names is taken to exist.
 */
export function checkOffline(
  { policy = { text: '' }, roles = {}, tests }: Pick<PolicyChange, 'policy' | 'roles' | 'tests'>,
  systems?: readonly KnownSystem[],
): OfflineCheck {
  return { lint: lintChange({ policy, roles }, systems), tests: runPolicyTests({ policy, roles }, tests, openCedar()) };
}

/** Everything that should be looked at in the texts of a change. */
export function lintChange(
  { policy, roles = {} }: Pick<PolicyChange, 'policy' | 'roles'>,
  systems?: readonly KnownSystem[],
): LintFinding[] {
  const ofRoles = Object.entries(roles).flatMap(([name, { answersFor, may = '' }]) => [
    ...lintPolicies(answersFor, { document: `role:${name}`, holds: false, systems }),
    ...lintPolicies(may, { document: `role:${name}/may`, holds: false, systems }),
  ]);
  return [...(policy === undefined ? [] : lintPolicies(policy.text, { document: 'policy', holds: true, systems })), ...ofRoles];
}
