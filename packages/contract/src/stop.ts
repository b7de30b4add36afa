import * as z from 'zod';
import { AgentId, HumanId, Instant, StopId } from './id.ts';

/** What one enforcement point said to a stop. `closed`: it did not answer, and its lease has run out, so nothing passes there. */
export const StopReceipt = z
  .strictObject({
    point: z.string(),
    name: z.string(),
    state: z.enum(['confirmed', 'waiting', 'closed']),
    milliseconds: z.number().nullable(),
  })
  .meta({ id: 'StopReceipt' });
export type StopReceipt = z.infer<typeof StopReceipt>;

export const Stop = z
  .strictObject({
    id: StopId,
    agent: AgentId,
    agentName: z.string(),
    reason: z.string(),
    orderedBy: HumanId,
    orderedByName: z.string(),
    orderedAt: Instant,
    liftedAt: Instant.nullable(),
    receipts: z.array(StopReceipt),
    tasksEnded: z.int(),
    tokensEnded: z.int().describe('Tokens that were alive and are dead now.'),
    callsCut: z.int().describe('Calls in flight that were cancelled, as far as confirmed.'),
  })
  .meta({ id: 'Stop' });
export type Stop = z.infer<typeof Stop>;
