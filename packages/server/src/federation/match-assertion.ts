import type { Match } from '@surety/contract/federation';
import { refuseAssertion } from './refuse-assertion.ts';
import { claimText, type VerifiedAssertion } from './verify-assertion.ts';

/**
 * The one match that an assertion meets: each claim is text and equal to the last code unit; `below` is a path that a
 * person chose, and its slash belongs to it. Undefined for none. Two are refused (`assertion.refused`), also for the
 * same agent: what is ambiguous today is somebody else tomorrow.
 */
export function matchAssertion(
  { claims, subject }: Pick<VerifiedAssertion, 'claims' | 'subject'>,
  matches: readonly Match[],
): Match | undefined {
  const met = matches.filter(
    (match) =>
      (match.below === null || (subject.startsWith(match.below) && match.below.endsWith('/'))) &&
      Object.entries(match.claims).every(([name, value]) => (name === 'sub' ? subject : claimText(claims, name)) === value),
  );
  if (met.length > 1) refuseAssertion('more than one match takes it for an agent');
  return met[0];
}
