import { FieldLabels, Guards, Labels } from '@surety/contract/flow';
import { Effect } from '@surety/contract/system';
import * as z from 'zod';

/** What a person who looks after a system says of one operation; what is left out is as the product's own rules have it. */
const OperationWord = z.strictObject({
  effect: Effect.optional(),
  labels: Labels.optional(),
  fields: FieldLabels.optional(),
  guards: Guards.optional(),
});

/**
 * One agent as a security team would set it up: its systems, with what it may call there, and their word on operations that the
 * product's rules cannot tell from names and descriptions. Written from the documentation of the tools and from what benign
 * tasks need.
 */
export const AgentDefinition = z.strictObject({
  /** What it is there for. */
  purpose: z.string().min(1).max(200),
  systems: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
        /** Whether it stands inside the organisation: what is read there is sent nowhere else. */
        inside: z.boolean(),
        /** Operations that it has; all that no other system names when left out. */
        operations: z.array(z.string()).optional(),
      }),
    )
    .min(1),
  operations: z.record(z.string(), OperationWord).default({}),
});
export type AgentDefinition = z.input<typeof AgentDefinition>;

/** `agents.json`: by suite. */
export const AgentsFile = z.record(z.string(), AgentDefinition);
