import * as z from 'zod';
import { Amount, Pointer } from './constraint.ts';
import { Name } from './id.ts';
import { Effect } from './system.ts';

/**
 * Which calls are meant: operations of one system or, with `*`, of any, with these effects, and with arguments that are one of
 * these values. Only equality, because the past is compared by fingerprints of what was given. A value that is not given, or is
 * no plain value, counts as one that is meant.
 */
export const CallPattern = z
  .strictObject({
    system: z.union([z.literal('*'), Name]).describe('The name of a system, or * for any.'),
    actions: z.array(z.string().min(1).max(200)).min(1).max(200).describe('Names of operations; * stands for any characters.'),
    effects: z.array(Effect).min(1).max(6).optional().describe('Only operations with one of these effects.'),
    where: z
      .record(
        Pointer,
        z.strictObject({
          in: z
            .array(z.union([z.string().max(500), z.boolean(), z.int()]))
            .min(1)
            .max(200),
        }),
      )
      .optional()
      .describe('Only calls whose arguments are one of these, by JSON pointer.'),
  })
  .meta({ id: 'CallPattern' });
export type CallPattern = z.infer<typeof CallPattern>;

const durationForm = /^P(?:(\d{1,2})W|(?=\d|T\d)(?:(\d{1,3})D)?(?:T(?=\d)(?:(\d{1,4})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?)$/;

/** The longest window: what is older need not be kept for a limit or a rule. */
export const longestWindowMs = 366 * 86_400_000;

/**
 * A length of time as ISO 8601 writes it, in weeks or in days, hours, minutes and seconds: `PT10M`, `P1D`, `P4W`. A day is
 * 24 hours, whatever the clocks of people do: months and years have no length, so they are refused.
 */
export const Duration = z
  .string()
  .max(40)
  .refine((text) => {
    const ms = durationMs(text);
    return ms !== undefined && ms >= 1000 && ms <= longestWindowMs;
  }, 'a length of time such as PT10M, P1D or P30D, from one second to 366 days');

/** Milliseconds; undefined for what is no such length of time. */
export function durationMs(text: string): number | undefined {
  const [found, weeks, days, hours, minutes, seconds] = durationForm.exec(text) ?? [];
  if (found === undefined) return undefined;
  const parts: readonly (readonly [string | undefined, number])[] = [
    [weeks, 604_800],
    [days, 86_400],
    [hours, 3_600],
    [minutes, 60],
    [seconds, 1],
  ];
  return parts.reduce((sum, [count = '0', size]) => sum + Number(count) * size * 1000, 0);
}

/** How far back: a sliding window, or the whole of the task tree. */
export const Within = z.union([z.literal('task'), Duration]);
export type Within = z.infer<typeof Within>;

const unitName = z.string().min(1).max(40);

/** What unit an amount is in: always this one, or, with `at`, the one that the text there must name. */
export const AmountUnit = z.strictObject({
  is: unitName,
  at: Pointer.optional().describe('Where the arguments name the unit. Anything else there is refused.'),
});

/**
 * What is counted. `count`: calls that did not fail. `pace`: calls that were let through, whatever came of them. `sum`: a
 * number in the arguments. `distinct`: different values of an argument, of each item where it is a list. `rows`: how many
 * rows results may hold; what the argument asks for is reserved, or `most` where it asks for nothing, and what came is settled.
 */
export const Measure = z.union([
  z.enum(['count', 'pace']),
  z.strictObject({ sum: Pointer, unit: AmountUnit.optional() }),
  z.strictObject({ distinct: Pointer }),
  z.strictObject({ rows: Pointer, most: z.int().min(1).max(1_000_000) }),
]);
export type Measure = z.infer<typeof Measure>;

/**
 * A limit on what may be done in all. It counts what the agent of the mandate did, and what was done for it by every agent
 * further down; for its owner, what all agents of this owner did; for the organisation, what all agents did.
 */
export const Limit = z
  .strictObject({
    of: z.array(CallPattern).min(1).max(20).describe('Which calls it counts.'),
    measure: Measure,
    max: Amount.refine((amount) => !amount.startsWith('-'), 'a limit is not negative'),
    per: z
      .enum(['task', 'agent', 'owner', 'organisation'])
      .describe('Of what it is the limit; a task is the whole tree of tasks.'),
    within: Within.optional().describe('How far back it counts. The whole task, when left out; so only where it is per task.'),
    exceed: z
      .enum(['deny', 'hold'])
      .optional()
      .describe('Whether what exceeds it is refused, or asks a person. Refused, when left out.'),
  })
  .refine(({ per, within = 'task' }) => per === 'task' || within !== 'task', {
    path: ['within'],
    message: 'a limit that is not per task needs a length of time, such as P30D',
  })
  .meta({ id: 'Limit' });
export type Limit = z.infer<typeof Limit>;
