import { type Answer, AnswerClaims, type Approval, MandateClaims } from '@surety/contract/approval';
import type { SchemaIssue } from '@surety/contract/route';
import { type SigningKey, signClaims } from './agent-key.ts';
import { checkQuestion } from './check-question.ts';
import { malformed } from './surety-error.ts';

/** What a person says to one request. `digest` is the request's `questionDigest`, once it was checked against what is shown. */
export type AnswerToSign = {
  readonly approval: string;
  readonly digest: string;
  readonly answer: Answer;
  readonly reason?: string | undefined;
  /** With a yes: the destinations of this call are known from now on. */
  readonly remember?: true | undefined;
};

/**
 * Signs a person's yes or no to a request as the server shows it, and only after both of its digests were computed again
 * from what is shown: otherwise `local.digest_differs`, and nothing is signed. `nowMs`: milliseconds since the epoch.
 */
export async function signAnswerTo(
  key: SigningKey,
  approval: Approval,
  { answer, reason, remember }: Pick<AnswerToSign, 'answer' | 'reason' | 'remember'>,
  nowMs: number,
): Promise<string> {
  await checkQuestion(approval);
  return signAnswer(key, { approval: approval.id, digest: approval.questionDigest, answer, reason, remember }, nowMs);
}

/**
 * The bare signature, for who has checked the digest: compact JWS of type `surety-approval+jwt`. `nowMs`: milliseconds since
 * the epoch.
 */
export async function signAnswer(key: SigningKey, answer: AnswerToSign, nowMs: number): Promise<string> {
  return signClaims(key, { typ: 'surety-approval+jwt' }, read(AnswerClaims, { ...answer, iat: Math.floor(nowMs / 1000) }));
}

/** A person's signature under a mandate, over the digest of its canonical document: compact JWS of type `surety-mandate+jwt`. */
export async function signMandate(
  key: SigningKey,
  mandate: { readonly digest: string; readonly agent: string },
  nowMs: number,
): Promise<string> {
  return signClaims(key, { typ: 'surety-mandate+jwt' }, read(MandateClaims, { ...mandate, iat: Math.floor(nowMs / 1000) }));
}

type Form<Claims> = {
  safeParse(value: unknown): { success: true; data: Claims } | { success: false; error: { issues: readonly SchemaIssue[] } };
};

/** What is signed has the form that is verified: nothing else ever gets a signature. */
function read<Claims extends object>(form: Form<Claims>, claims: object): Claims {
  const result = form.safeParse(claims);
  if (!result.success) throw malformed(result.error.issues);
  return result.data;
}
