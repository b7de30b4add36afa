import type { Link, Reason } from '@surety/contract/decision';
import type {
  AgentFacts,
  CallFacts,
  MandateFacts,
  OperationFacts,
  OrganisationFacts,
  OwnerFacts,
  RoleFacts,
  Standing,
  SystemFacts,
  TaskFacts,
} from './call-facts.ts';
import type { MandatePolicies } from './policy-set.ts';

/** What limited a call: the first link that did, and the policies that determined it. */
export type Limit = { readonly reason: Reason; readonly link: Link; readonly policies?: readonly string[] };

export type LiveMandate = MandateFacts & { readonly policies: MandatePolicies };

/** Facts of which nothing is missing, and every link of which is live. */
export type LiveStanding = {
  readonly nowMs: number;
  readonly agent: AgentFacts;
  readonly owner: OwnerFacts;
  readonly task: TaskFacts;
  readonly system: SystemFacts;
  readonly mandate: LiveMandate;
  readonly roles: readonly RoleFacts[];
  readonly organisation: OrganisationFacts;
};

export type KnownFacts = LiveStanding & { readonly operation: OperationFacts };

/** The first link that is missing or has ended, before any policy is heard; else the facts, whole. */
export function standingLimit(facts: CallFacts): Limit | KnownFacts {
  const { agent, owner, task, system, operation } = facts;
  const ended = chainLimit(facts);
  if (ended !== undefined) return ended;
  if (system === undefined || system.name !== facts.call.systemName) return { reason: 'system.unknown', link: 'system' };
  if (operation === undefined || operation.name !== facts.call.operationName)
    return { reason: 'operation.unknown', link: 'system' };
  const mandate = liveMandate(facts);
  if ('reason' in mandate) return mandate;
  if (facts.organisation === undefined) return { reason: 'organisation.silent', link: 'organisation' };
  if (agent === undefined || owner === undefined || task === undefined) return { reason: 'house.not_ready', link: 'house' };
  const { nowMs, roles, organisation } = facts;
  return { nowMs, agent, owner, task, system, operation, mandate, roles, organisation };
}

/** What stands behind everything an agent asks for: the house, the agent, the person who answers for it, the task. */
export function chainLimit(facts: Standing): Limit | undefined {
  return principalLimit(facts) ?? taskLimit(facts);
}

/** The house, the agent and the person who answers for it. */
function principalLimit({ isFresh, agent, owner }: Standing): Limit | undefined {
  if (!isFresh) return { reason: 'house.stale', link: 'house' };
  if (agent?.state !== 'active') return { reason: 'agent.not_active', link: 'agent' };
  if (owner?.id !== agent.owner || owner.state !== 'active') return { reason: 'owner.not_active', link: 'owner' };
  return undefined;
}

/**
 * The task is open, unexpired, and this agent's own. One that somebody else asked for would need the requester's own
 * rights in the intersection; it is refused rather than decided without them.
 */
function taskLimit({ nowMs, agent, task }: Standing): Limit | undefined {
  const isOwn = task !== undefined && task.agent === agent?.id && task.requester === agent.id;
  return isOwn && task.state === 'open' && task.expiresAtMs > nowMs ? undefined : { reason: 'task.ended', link: 'task' };
}

/** The mandate is there, signed, this agent's, readable and unexpired. */
export function liveMandate({ nowMs, agent, mandate }: Standing): Limit | LiveMandate {
  if (mandate === undefined) return { reason: 'mandate.none', link: 'mandate' };
  const { policies } = mandate;
  const isSound = mandate.signatureHolds && policies !== undefined && policies.document.agent === agent?.id;
  if (!isSound) return { reason: 'mandate.invalid', link: 'mandate' };
  const expiresAtMs = Date.parse(policies.document.expiresAt);
  return expiresAtMs > nowMs ? { ...mandate, policies } : { reason: 'mandate.expired', link: 'mandate' };
}

/** The same standing without a call, for what could be permitted at all: undefined when some link has ended. */
export function liveStanding(facts: Standing): LiveStanding | undefined {
  const { nowMs, agent, owner, task, system, roles, organisation } = facts;
  const mandate = liveMandate(facts);
  if (chainLimit(facts) !== undefined || 'reason' in mandate) return undefined;
  if (agent === undefined || owner === undefined || task === undefined || system === undefined || organisation === undefined)
    return undefined;
  return { nowMs, agent, owner, task, system, mandate, roles, organisation };
}
