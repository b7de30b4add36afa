import * as z from 'zod';
import { Conditions } from './constraint.ts';
import { AgentId, HumanId, Instant, MandateId, Name, PlainText } from './id.ts';
import { Limit } from './limits.ts';
import { Obligations } from './obligations.ts';

const LocalTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time such as 08:00');

/** Local hours and days in an IANA time zone. `until` before `from` spans midnight. */
export const Hours = z.strictObject({
  from: LocalTime,
  until: LocalTime,
  zone: z.string().min(1).max(60),
  days: z
    .array(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']))
    .min(1)
    .max(7)
    .optional(),
});
export type Hours = z.infer<typeof Hours>;

export const HoldRule = z.strictObject({
  when: Conditions.optional().describe('Holds when all of these are so; always, when left out.'),
  because: PlainText.min(1).max(200).describe('Shown to the person who is asked.'),
});
export type HoldRule = z.infer<typeof HoldRule>;

export const Permission = z
  .strictObject({
    system: Name,
    actions: z.array(z.string().min(1).max(200)).min(1).max(200).describe('Names of operations; * stands for any characters.'),
    where: Conditions.optional(),
    hours: Hours.optional(),
    hold: z
      .array(HoldRule)
      .max(20)
      .optional()
      .describe('Where a person is asked. A number that is not given, or a value of another type, is a reason to ask.'),
    obligations: Obligations.optional().describe('What must be done with every such call.'),
  })
  .meta({ id: 'Permission' });
export type Permission = z.infer<typeof Permission>;

/**
 * What is signed: purpose, permitted actions with constraints on their arguments, limits, expiry, and what may be passed on to
 * other agents. The last four have no written default, so that a document that leaves them out keeps its digest.
 */
export const MandateDocument = z
  .strictObject({
    agent: AgentId,
    purpose: PlainText.min(1).max(500),
    autonomy: z.enum(['observe', 'propose', 'act_within_limits', 'act']),
    expiresAt: Instant,
    permissions: z.array(Permission).max(100),
    passesOn: z.boolean().optional().describe('Whether it may pass on what it may do itself. True when left out.'),
    passOn: z.array(Permission).max(100).optional().describe('What it may pass on to other agents, and not do itself.'),
    limits: z
      .array(Limit)
      .max(50)
      .optional()
      .describe('What it may do in all, with everything that is done for it further down.'),
    maxDepth: z.int().min(0).max(10).optional().describe('How many hops may hang below it. 4 when left out.'),
  })
  .meta({ id: 'MandateDocument' });
export type MandateDocument = z.infer<typeof MandateDocument>;

export const MandateState = z.enum(['active', 'replaced', 'ended']);

export const Mandate = z
  .strictObject({
    id: MandateId,
    agent: AgentId,
    version: z.int().positive(),
    document: MandateDocument,
    documentDigest: z.string().describe('SHA-256 of the canonical document; what was signed.'),
    signature: z.string().describe('Compact JWS by the key of the person who gave it.'),
    givenBy: HumanId,
    state: MandateState,
    sentences: z.array(z.string()).describe('The mandate in words, made from the document.'),
    changes: z
      .array(z.string())
      .optional()
      .describe('What it changes against the version before it, in words; left out in lists.'),
    createdAt: Instant,
  })
  .meta({ id: 'Mandate' });
export type Mandate = z.infer<typeof Mandate>;
