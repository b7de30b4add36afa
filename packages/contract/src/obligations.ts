import * as z from 'zod';
import { PlainText } from './id.ts';

/** Where in a result: a JSON pointer (RFC 6901), in which `*` stands for every item of a list and every member of an object. */
export const ResultPointer = z
  .string()
  .regex(/^(\/([^~/]|~[01])*)+$/, 'a JSON pointer such as /customer/email or /items/*/iban')
  .max(200);

/** How a page size or a time-out is called: nothing else is ever clamped, because it would change what is asked for. */
const clampable =
  /^(?:(?:page|max|batch)?[_-]?(?:size|limit|results?|items|rows|count|records)|(?:per|items_per|results_per)[_-]?page|top|first|last|take|timeout|time[_-]?out)(?:[_-]?(?:ms|sec|secs|seconds|milliseconds))?$/i;

/** Where in the arguments a page size or a time-out stands. */
export const ClampPointer = z
  .string()
  .regex(/^(\/([^~/]|~[01])*)+$/, 'a JSON pointer such as /limit')
  .max(200)
  .refine(
    (pointer) => clampable.test(pointer.slice(pointer.lastIndexOf('/') + 1)),
    'only page sizes and time-outs can be clamped',
  );

/**
 * What must be done with a call that is permitted. A guard that cannot do it denies. Masks, notes and records go with any
 * call; a clamp with reads only.
 */
export const Obligations = z
  .strictObject({
    mask: z.array(ResultPointer).min(1).max(50).optional().describe('Fields of the result that never leave the guard.'),
    clamp: z
      .record(ClampPointer, z.int().min(0).max(1_000_000_000))
      .optional()
      .describe('Page sizes and time-outs of a read: what is sent is at most this, and this when none was given.'),
    notify: PlainText.min(1).max(200).optional().describe('Why a person is told of every such call.'),
    record: z.literal(true).optional().describe('What came back is kept, sealed, beside its outcome.'),
  })
  .refine((value) => Object.keys(value).length > 0, 'say what must be done')
  .meta({ id: 'Obligations' });
export type Obligations = z.infer<typeof Obligations>;

/** What all the permissions and policies that let a call pass oblige to, together: every mask, the least of each clamp. */
export const Obliged = z
  .strictObject({
    mask: z.array(z.string()),
    clamp: z.record(z.string(), z.int()),
    notify: z.array(z.string()),
    record: z.boolean(),
  })
  .meta({ id: 'Obliged' });
export type Obliged = z.infer<typeof Obliged>;
