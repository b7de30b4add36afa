import * as z from 'zod';
import { ActionId, AgentId, ApprovalId, HumanId, Instant, PlainText, PrincipalId } from './id.ts';

export const ApprovalState = z.enum(['pending', 'approved', 'refused', 'used', 'expired']);
export type ApprovalState = z.infer<typeof ApprovalState>;

/** One question to a person about one exact call, and the answer. */
export const Approval = z
  .strictObject({
    id: ApprovalId,
    action: ActionId,
    agent: AgentId,
    agentName: z.string(),
    requester: PrincipalId.describe(
      'Who asked for the work: the person at the root of its task, or the agent there that began by itself. A yes is for this requester alone.',
    ),
    requesterName: z.string(),
    system: z.string(),
    operation: z.string(),
    effect: z.string(),
    callDigest: z.string().describe('What the yes is for: SHA-256 of the exact call.'),
    definition: z
      .string()
      .describe('Digest of the definition of the operation: what the system said it does when this was asked.'),
    mandateVersion: z.int().nullable(),
    policyVersion: z.int(),
    questionDigest: z.string().describe('What is signed: SHA-256 over everything that was asked, as question.ts writes it.'),
    argumentsText: z.string().describe('The canonical arguments, whole, exactly as they will be sent.'),
    because: z.string(),
    answerable: HumanId,
    answerableName: z.string(),
    state: ApprovalState,
    askedAt: Instant,
    expiresAt: Instant.describe('When the question expires to no.'),
    validUntil: Instant.nullable().describe('Until when a yes can be used.'),
    answeredBy: HumanId.nullable(),
    answeredByName: z.string().nullable(),
    answeredAt: Instant.nullable(),
    reason: z.string().nullable(),
  })
  .meta({ id: 'Approval' });
export type Approval = z.infer<typeof Approval>;

export const Answer = z.enum(['approve', 'refuse']);
export type Answer = z.infer<typeof Answer>;

/** What a person signs: a compact JWS with `typ: surety-approval+jwt` over these claims. */
export const AnswerClaims = z.strictObject({
  approval: ApprovalId,
  digest: z.string().max(100),
  answer: Answer,
  reason: PlainText.max(500).optional(),
  remember: z.literal(true).optional().describe('With a yes: the destinations of this call are known from now on.'),
  iat: z.int(),
});
export type AnswerClaims = z.infer<typeof AnswerClaims>;

/** What a person signs to give a mandate: a compact JWS with `typ: surety-mandate+jwt` over these claims. */
export const MandateClaims = z.strictObject({
  digest: z.string().max(100),
  agent: AgentId,
  iat: z.int(),
});
export type MandateClaims = z.infer<typeof MandateClaims>;
