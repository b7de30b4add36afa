import type { Approval } from './approval.ts';
import { canonicalJson, fromPlain } from './exact-json.ts';

/**
 * What a person is asked, member by member: who wants to do what, for whom, on what ground, of whom it is asked and until when.
 * `callDigest` stands for the arguments. What became of the question is not part of it.
 */
export const questionMembers = [
  'id',
  'action',
  'agent',
  'agentName',
  'requester',
  'system',
  'operation',
  'effect',
  'callDigest',
  'definition',
  'mandateVersion',
  'policyVersion',
  'because',
  'answerable',
  'askedAt',
  'expiresAt',
] as const satisfies readonly (keyof Approval)[];

type QuestionMember = (typeof questionMembers)[number];
type Unbranded<Value> = Value extends string ? string : Value;

/** The members that the digest covers, as they are on the wire. */
export type QuestionSubstance = { readonly [Member in QuestionMember]: Unbranded<Approval[Member]> };

/**
 * The one text of a question, whose SHA-256 (base64url) is what a person signs: canonical JSON of its members. One changed
 * member, another text (P6). Throws `ExactJsonError` for a member that JSON cannot hold.
 */
export function questionText(question: QuestionSubstance): string {
  return canonicalJson(fromPlain(Object.fromEntries(questionMembers.map((member) => [member, question[member]]))));
}
