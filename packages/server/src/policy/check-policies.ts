import { type PolicyReading, type ReadingOptions, readPolicies } from '@surety/decision/read-policies';
import { Fault } from '#kernel/fault';

type Where = ReadingOptions & {
  /** JSON pointer to the text in the request. */
  readonly path: string;
};

/**
 * Reads Cedar text as the decision point will. Fault `policy.invalid`: each issue has the line and column where its policy
 * begins, after the path of the text: `/text/3/1`. Text without a policy is taken: it permits nothing.
 */
export function checkPolicies(text: string, { path, ...options }: Where): Extract<PolicyReading, { ok: true }> {
  if (text.includes('\0')) throw new Fault('policy.invalid', undefined, { issues: [{ path, message: 'no NUL characters' }] });
  const read = readPolicies(text, options);
  if (read.ok) return read;
  throw new Fault('policy.invalid', undefined, {
    issues: read.issues.map(({ line, column, message }) => ({ path: `${path}/${line}/${column}`, message })),
  });
}
