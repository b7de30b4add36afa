import * as z from 'zod';

/** RFC 9457 §3 problem document, with our stable `code`, what to do `next`, and the request's id. */
export const Problem = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    next: z.string(),
    requestId: z.string(),
    /** Which fields were refused and why. Never quotes a value. */
    issues: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
    /** Why, in words, when a decision refused. */
    why: z.array(z.string()).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;
