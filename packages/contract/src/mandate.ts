import * as z from 'zod';
import { AgentId, HumanId, Instant, MandateId, Name, PlainText } from './id.ts';

/** A number with at most four decimals, as text or JSON number; kept as text so that no digit is lost. */
export const Amount = z
  .union([z.number().transform(String), z.string()])
  .pipe(z.string().regex(/^-?(0|[1-9]\d{0,14})(\.\d{1,4})?$/, 'a number with at most 15 digits before and 4 after the point'));
export type Amount = z.infer<typeof Amount>;

/** Where in the arguments: a JSON pointer (RFC 6901) to one value. */
export const Pointer = z
  .string()
  .regex(/^(\/([^~/]|~[01])*)+$/, 'a JSON pointer such as /amount')
  .max(200);

/**
 * What one argument must be. Every member that is given must hold. A value that is missing, or of another type than
 * the constraint asks for, does not satisfy it.
 */
export const Constraint = z
  .strictObject({
    max: Amount.optional().describe('A number, at most this.'),
    min: Amount.optional().describe('A number, at least this.'),
    over: Amount.optional().describe('A number, more than this.'),
    under: Amount.optional().describe('A number, less than this.'),
    in: z
      .array(z.union([z.string().max(500), z.boolean(), z.int()]))
      .min(1)
      .max(200)
      .optional()
      .describe('One of these.'),
    like: z.string().min(1).max(500).optional().describe('Text that matches, where * stands for any characters.'),
    notLike: z.string().min(1).max(500).optional().describe('Text that does not match.'),
    maxLength: z.int().min(0).max(1_000_000).optional().describe('Text of at most this many characters.'),
    maxItems: z.int().min(0).max(100_000).optional().describe('A list of at most this many.'),
    eachIn: z.array(z.string().max(500)).min(1).max(200).optional().describe('A list of texts, each one of these.'),
    absent: z.literal(true).optional().describe('Must not be given.'),
  })
  .refine((value) => Object.keys(value).length > 0, 'say what the argument must be')
  .meta({ id: 'Constraint' });
export type Constraint = z.infer<typeof Constraint>;

export const Conditions = z.record(Pointer, Constraint);
export type Conditions = z.infer<typeof Conditions>;

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
  })
  .meta({ id: 'Permission' });
export type Permission = z.infer<typeof Permission>;

/**
 * What is signed: purpose, permitted actions with constraints on their arguments, expiry, and what may be passed on to other
 * agents. The last three have no written default, so that a document that leaves them out keeps its digest.
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
    maxDepth: z.int().min(0).max(8).optional().describe('How many hops may hang below it. 4 when left out.'),
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
    createdAt: Instant,
  })
  .meta({ id: 'Mandate' });
export type Mandate = z.infer<typeof Mandate>;
