import * as z from 'zod';
import { Obliged } from './obligations.ts';

/**
 * The links of the chain (ARCHITECTURE.md); a refusal names the one that limited it. `requester` is the person who asked at
 * the root, `parent` an agent further up the chain, `hop` what was passed on from one to the next; `limit` is a limit of a
 * mandate, of the agent's own or of one above, `history` what happened before, `flow` where information came from.
 */
export const Link = z.enum([
  'agent',
  'owner',
  'task',
  'mandate',
  'organisation',
  'system',
  'approval',
  'house',
  'requester',
  'parent',
  'hop',
  'limit',
  'history',
  'flow',
]);
export type Link = z.infer<typeof Link>;

/**
 * Why a decision fell as it did: a closed list, wire contract. Each `…_not_…` or `.denied` reason stands against
 * the one `permitted`; holds have their own.
 */
export const reasons = {
  permitted: 'Every link permits this call',
  approved: 'A person said yes to exactly this call',
  'agent.not_active': 'The agent is not active',
  'owner.not_active': 'The person who answers for the agent is not active',
  'owner.may_not_answer': 'The person who answers for the agent may not answer for this',
  'task.ended': 'The task has ended or expired',
  'requester.not_active': 'The person who asked for this is not active',
  'requester.may_not': 'The person who asked for this may not do it',
  'chain.broken': 'The chain of tasks that this was passed on through is not whole',
  'chain.too_deep': 'This was passed on more often than an agent further up may',
  'parent.not_active': 'An agent that passed this on is not active',
  'parent.owner_not_active': 'The person who answers for an agent that passed this on is not active',
  'parent.task_ended': 'The task of an agent that passed this on has ended or expired',
  'parent.no_mandate': 'An agent that passed this on has no mandate in force',
  'parent.may_not_pass_on': 'An agent that passed this on may not pass this on',
  'parent.constraint': 'An argument is outside what an agent that passed this on may pass on',
  'parent.autonomy': 'The autonomy level of an agent that passed this on permits reading only',
  'hop.expired': 'What was passed on has expired',
  'hop.invalid': 'What was passed on cannot be read',
  'hop.silent': 'Nothing that was passed on permits this',
  'hop.constraint': 'An argument is outside what was passed on',
  'system.unknown': 'The system is not protected here',
  'operation.unknown': 'The system has no such operation, or it has not been looked at',
  'mandate.none': 'The agent has no mandate',
  'mandate.expired': 'The mandate has expired',
  'mandate.invalid': 'The signature on the mandate does not match',
  'mandate.silent': 'Nothing in the mandate permits this',
  'mandate.constraint': 'An argument is outside what the mandate permits',
  'mandate.autonomy': 'The autonomy level of the agent permits reading only',
  'organisation.silent': 'No policy of the organisation permits this',
  'organisation.forbidden': 'A policy of the organisation forbids this',
  'limit.reached': 'A limit of a mandate does not leave room for this',
  'limit.unit': 'What a limit counts is not given here, or is in another unit',
  'history.forbidden': 'What happened before forbids this',
  'flow.forbidden': 'Where the information came from forbids this',
  'obligation.unfit': 'What would have to be done with this call cannot be done with it',
  'policy.error': 'A policy that applies could not be evaluated, so nothing passes',
  'proof.replayed': 'The proof was used before',
  'house.stale': 'This node has no fresh news of stops, so nothing passes',
  'house.not_ready': 'The record could not be written, so nothing passes',
  'held.mandate': 'The mandate asks for a person here',
  'held.autonomy': 'The autonomy level of the agent asks for a person before this',
  'held.parent': 'An agent that passed this on would need to ask a person here',
  'held.organisation': 'A policy of the organisation asks for a person here',
  'held.limit': 'A limit of a mandate asks for a person here',
  'held.history': 'What happened before asks for a person here',
  'held.flow': 'Where the information came from asks for a person here',
  'approval.refused': 'A person refused exactly this call',
  'approval.used': 'The yes was for one call and has been used',
  'approval.expired': 'Nobody answered in time',
} as const;
export type Reason = keyof typeof reasons;
export const Reason = z.enum(Object.keys(reasons) as [Reason, ...Reason[]]);

/** One condition that was looked at, with the value found, in words. Values may be personal: for those who may see the action. */
export const Condition = z
  .strictObject({
    link: Link,
    holds: z.boolean(),
    text: z.string().describe('"amount is at most 250"'),
    found: z.string().optional().describe('The value as written: "420".'),
  })
  .meta({ id: 'Condition' });
export type Condition = z.infer<typeof Condition>;

export const Outcome = z.enum(['permit', 'deny', 'hold']);

/** A decision is a value, never an exception. */
export const Decision = z
  .strictObject({
    outcome: Outcome,
    reason: Reason,
    link: Link,
    policies: z.array(z.string()).describe('Ids of the policies that determined it.'),
    because: z.string().describe('One sentence for people. Names the limit, not other people.'),
    forModel: z
      .string()
      .optional()
      .describe('The same for the model that asked, where that is less: what rules of the organisation measure is not said.'),
    conditions: z.array(Condition),
    obligations: Obliged.optional().describe('What must be done with a permitted call. Whoever cannot do it denies.'),
  })
  .meta({ id: 'Decision' });
export type Decision = z.infer<typeof Decision>;
