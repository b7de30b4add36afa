import * as z from 'zod';
import { DisplayName, HumanId, Instant, Name } from './id.ts';

export const HumanState = z.enum(['active', 'suspended', 'left']);
export type HumanState = z.infer<typeof HumanState>;

/** Built-in roles of the console and API. What a role may do is Cedar, in the policy room. */
export const builtInRoles = ['administrator', 'security', 'owner', 'approver', 'developer', 'auditor'] as const;

export const Human = z
  .strictObject({
    id: HumanId,
    name: Name,
    displayName: DisplayName,
    title: z.string().max(120).describe('What this person does: "head of support".'),
    groups: z.array(Name).max(100),
    roles: z.array(Name).max(20).describe('Roles give live rights: in the API, and what this person may answer for.'),
    state: HumanState,
    revision: z.int().positive(),
    createdAt: Instant,
  })
  .meta({ id: 'Human' });
export type Human = z.infer<typeof Human>;
