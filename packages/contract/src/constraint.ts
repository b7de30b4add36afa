import * as z from 'zod';

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
 * A regular expression without what makes one slow or hard to read: no look-around, no references, no lazy or possessive counts.
 * It must match the whole text. What it takes is read by `@surety/decision/text-pattern`.
 */
export const TextPattern = z.string().min(1).max(500);

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
    pattern: TextPattern.optional().describe(
      'Text that matches as a whole: a pattern of characters, classes, groups, | and counts.',
    ),
    unit: z
      .strictObject({ at: Pointer, is: z.string().min(1).max(40) })
      .optional()
      .describe('The unit or currency of the number: the text at another pointer must be this one.'),
  })
  .refine((value) => Object.keys(value).length > 0, 'say what the argument must be')
  .meta({ id: 'Constraint' });
export type Constraint = z.infer<typeof Constraint>;

export const Conditions = z.record(Pointer, Constraint);
export type Conditions = z.infer<typeof Conditions>;
