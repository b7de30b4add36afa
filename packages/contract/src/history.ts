import * as z from 'zod';
import { Amount, Pointer } from './constraint.ts';
import { PlainText } from './id.ts';
import { AmountUnit, CallPattern, Within } from './limits.ts';

/**
 * Who did it: the same task tree; this agent or one that it acts for; an agent of the same owner; the same who asked at the
 * root; the same person who answers at the root, whatever agents stand between; anyone.
 */
export const DoneBy = z.enum(['task', 'agent', 'owner', 'requester', 'same_person', 'anyone']);
export type DoneBy = z.infer<typeof DoneBy>;

/** How much of it: calls, the sum of a number in their arguments, or different values of an argument. One call, when left out. */
export const HowMuch = z.union([
  z.strictObject({ count: z.int().min(1).max(1_000_000) }),
  z.strictObject({ sum: Pointer, unit: AmountUnit.optional(), amount: Amount }),
  z.strictObject({ distinct: Pointer, count: z.int().min(1).max(1_000_000) }),
]);

/** What must have happened before, or must not. Calls in flight count; calls that failed do not. */
export const PastCondition = z
  .strictObject({
    happened: CallPattern.optional(),
    notHappened: CallPattern.optional(),
    by: DoneBy,
    within: Within,
    same: z
      .array(z.strictObject({ here: Pointer, there: Pointer }))
      .max(5)
      .optional()
      .describe('Arguments of this call (here) and of the earlier one (there) that must be the same.'),
    atLeast: HowMuch.optional(),
  })
  .refine(
    ({ happened, notHappened }) => (happened === undefined) !== (notHappened === undefined),
    'say what happened, or what did not',
  )
  .refine(({ by, within }) => by === 'task' || within !== 'task', {
    path: ['within'],
    message: 'what is not by the same task needs a length of time, such as P30D',
  });
export type PastCondition = z.infer<typeof PastCondition>;

/**
 * A rule of the organisation about what happened before: `when` such a call is asked for, it is forbidden, or asks a person, if
 * the past is so. Segregation of duties is one: who created the vendor, by whatever agents, may not pay it within 30 days.
 */
export const HistoryRule = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,62}$/, 'lower-case letters, digits, points and hyphens'),
    when: CallPattern,
    forbidIf: PastCondition.optional(),
    holdIf: PastCondition.optional(),
    because: PlainText.min(1).max(200).describe('Shown to whoever is refused or asked.'),
  })
  .refine(({ forbidIf, holdIf }) => (forbidIf === undefined) !== (holdIf === undefined), 'say what forbids it, or what holds it')
  .meta({ id: 'HistoryRule' });
export type HistoryRule = z.infer<typeof HistoryRule>;

/** The rules of one version of the policy. No two have the same id. */
export const HistoryRules = z
  .array(HistoryRule)
  .max(200)
  .refine((rules) => new Set(rules.map(({ id }) => id)).size === rules.length, 'two rules have the same id');
