import * as z from 'zod';
import { ActionId, Instant, MandateId, PlainText } from './id.ts';
import { route } from './route.ts';

/** What of one limit is used now. A limit per task is used by each task tree apart. */
export const LimitUse = z
  .strictObject({
    limit: z.int().positive().describe('Its place in the mandate.'),
    sentence: z.string(),
    of: z.string().describe('Of what it is: the id of a task, an agent or an owner; `organisation`.'),
    used: z.string().describe('What was counted, in flight included: a decimal.'),
    max: z.string(),
    left: z.string(),
  })
  .meta({ id: 'LimitUse' });
export type LimitUse = z.infer<typeof LimitUse>;

export const getMandateUse = route({
  name: 'getMandateUse',
  method: 'GET',
  path: '/v1/mandates/{mandate}/use',
  action: 'mandate:read',
  summary: 'How much of each limit of a mandate is used now. Of limits per task, the trees that were busy last.',
  input: z.strictObject({ mandate: MandateId }),
  output: z.strictObject({ items: z.array(LimitUse), at: Instant }),
  faults: ['mandate.not_found'],
});

export const releaseAction = route({
  name: 'releaseAction',
  method: 'POST',
  path: '/v1/actions/{action}/release',
  action: 'action:release',
  summary: 'Say that a call whose end is not known did nothing, so that no limit counts it any more.',
  input: z.strictObject({ action: ActionId, reason: PlainText.min(1).max(500) }),
  output: z.strictObject({ action: ActionId, releasedAt: Instant }),
  faults: ['action.not_found', 'action.not_unknown'],
});
