import * as z from 'zod';
import { Conditions } from './constraint.ts';
import { CredentialId, Instant, Name } from './id.ts';

/** How many hops a chain may have at most, whatever anybody grants. */
export const maxHops = 10;

/** How many hops may hang below an agent when nobody says otherwise. */
export const defaultHops = 4;

/**
 * One permitted action as `authorization_details` carries it (RFC 9396): an operation of one system, with constraints on its
 * arguments. The comparison is ours and exact, so a member that is not known here is refused.
 */
export const AgentAction = z
  .strictObject({
    type: z.literal('agent_action'),
    locations: z.tuple([z.url().max(2000)]).describe('The resource of one protected system.'),
    actions: z.tuple([z.literal('invoke')]),
    identifier: z.string().min(1).max(200).describe('The name of an operation; * stands for any characters.'),
    constraints: Conditions.optional().describe('What the arguments must be, by JSON pointer.'),
  })
  .meta({ id: 'AgentAction' });
export type AgentAction = z.infer<typeof AgentAction>;

export const AgentActions = z.array(AgentAction).min(1).max(100);
export type AgentActions = z.infer<typeof AgentActions>;

/** What one hop granted, as it was granted. It never widens: what is above is evaluated beside it at every call. */
export const HopGrant = z
  .strictObject({
    details: z.array(AgentAction).max(100).nullable().describe('Nothing narrower than what is above, when null.'),
    scope: z.string().max(200),
    audiences: z.array(Name).max(100).nullable().describe('Names of systems; any, when null.'),
    depthLeft: z.int().min(0).max(maxHops).describe('How many hops may hang below.'),
    expiresAt: Instant,
    offer: z
      .string()
      .max(100)
      .optional()
      .describe('The delegation token that was exchanged for it. What comes of it ends when it is revoked.'),
    authTime: z
      .int()
      .optional()
      .describe('When the person who asked signed in, in seconds since the epoch; at the top of a tree that a consent began.'),
    acr: z.string().max(100).optional().describe('How they signed in then (RFC 9470).'),
    by: CredentialId.optional().describe('The key by which it was handed on. What comes of it ends when that is revoked.'),
  })
  .meta({ id: 'HopGrant' });
export type HopGrant = z.infer<typeof HopGrant>;
