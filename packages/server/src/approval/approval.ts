import { createHash } from 'node:crypto';
import type { Approval } from '@surety/contract/approval';
import { type QuestionSubstance, questionText } from '@surety/contract/question';

/** One question at rest. Times are milliseconds since the epoch; `sealed` holds the canonical arguments. */
export type Question = {
  readonly id: string;
  readonly action: string;
  readonly agent: string;
  readonly task: string;
  /** Who asked at the root of the task: a person, or the agent there that began by itself. The yes is for them alone. */
  readonly requester: string;
  readonly answerable: string;
  readonly system: string;
  readonly operation: string;
  readonly effect: string;
  readonly callDigest: string;
  readonly questionDigest: string;
  readonly definition: string;
  readonly mandateVersion: number | null;
  readonly policyVersion: number;
  readonly because: string;
  readonly sealed: Buffer;
  readonly state: Approval['state'];
  readonly askedAtMs: number;
  readonly expiresAtMs: number;
  readonly validUntilMs: number | null;
  readonly answeredBy: string | null;
  readonly answeredAtMs: number | null;
  readonly signature: string | null;
  readonly reason: string | null;
  readonly usedBy: string | null;
};

/** SHA-256, base64url, over the one text of the question: one changed member, another digest (P6). */
export function digestQuestion(substance: QuestionSubstance): string {
  return createHash('sha256').update(questionText(substance)).digest('base64url');
}

/** The place a question's arguments are sealed for (AES-GCM associated data). */
export function argumentsPlace(id: string): string {
  return `approval|${id}|1`;
}

/** What a question is worth at an instant: a stored yes or question past its time is no longer one. */
export function stateAt(question: Question, nowMs: number): Approval['state'] {
  if (question.state === 'pending' && question.expiresAtMs <= nowMs) return 'expired';
  if (question.state === 'approved' && (question.validUntilMs ?? 0) <= nowMs) return 'expired';
  return question.state;
}

/**
 * Who may answer: the person who answers for the agent here or owns it, or one whose role says so; never one in the requesting
 * chain (AP-03).
 */
export function mayAnswer(
  question: Pick<Question, 'answerable'> & { readonly owner?: string | undefined },
  human: { readonly id: string; readonly roles: readonly string[] },
  requesters: readonly string[],
): boolean {
  if (requesters.includes(human.id)) return false;
  if (human.id === question.answerable || human.id === question.owner) return true;
  return human.roles.some((role) => role === 'approver' || role === 'administrator');
}

/** Whether an open question still asks what would be asked now; if the ground has changed, it and its yes are void (AP-09). */
export function asksTheSame(
  question: Question,
  now: Pick<QuestionSubstance, 'callDigest' | 'requester' | 'effect' | 'definition' | 'mandateVersion' | 'policyVersion'>,
): boolean {
  return (
    question.callDigest === now.callDigest &&
    question.requester === now.requester &&
    question.effect === now.effect &&
    question.definition === now.definition &&
    question.mandateVersion === now.mandateVersion &&
    question.policyVersion === now.policyVersion
  );
}
