import type {
  AgentFacts,
  CallFacts,
  HumanFacts,
  OperationFacts,
  OrganisationFacts,
  OwnerFacts,
  RoleFacts,
  Standing,
  SystemFacts,
  TaskFacts,
} from './call-facts.ts';
import { parentMandateLimit, treeLimit } from './chain-limit.ts';
import { type Limit, liveMandate, type LiveMandate } from './live-mandate.ts';

/** An agent above of which nothing is missing, and which is live. */
export type LiveLink = {
  readonly agent: AgentFacts;
  readonly owner: OwnerFacts;
  readonly task: TaskFacts;
  readonly mandate: LiveMandate;
};

/** Facts of which nothing is missing, and every link of which is live. */
export type LiveStanding = {
  readonly nowMs: number;
  readonly agent: AgentFacts;
  readonly owner: OwnerFacts;
  readonly task: TaskFacts;
  readonly system: SystemFacts;
  readonly mandate: LiveMandate;
  readonly chain: readonly LiveLink[];
  /** The human at the root: who asked, or who answers for the agent that acts on its own trigger. */
  readonly human: HumanFacts;
  /** Whether the human at the root asked for it. */
  readonly isRequested: boolean;
  readonly roles: readonly RoleFacts[];
  readonly organisation: OrganisationFacts;
};

export type KnownFacts = LiveStanding & {
  readonly operation: OperationFacts;
  readonly arguments: CallFacts['call']['arguments'];
};

/** The first link that is missing or has ended, before any policy is heard; else the facts, whole. */
export function standingLimit(facts: CallFacts): Limit | KnownFacts {
  const { system, operation } = facts;
  const ended = chainLimit(facts);
  if (ended !== undefined) return ended;
  if (system === undefined || system.name !== facts.call.systemName) return { reason: 'system.unknown', link: 'system' };
  if (operation === undefined || operation.name !== facts.call.operationName)
    return { reason: 'operation.unknown', link: 'system' };
  const mandate = liveMandate(facts);
  if ('reason' in mandate) return mandate;
  const above = parentMandateLimit(facts);
  if (above !== undefined) return above;
  if (facts.organisation === undefined) return { reason: 'organisation.silent', link: 'organisation' };
  const standing = wholeStanding(facts, mandate);
  if (standing === undefined) return { reason: 'house.not_ready', link: 'house' };
  return { ...standing, operation, arguments: facts.call.arguments };
}

/** What stands behind everything an agent asks for: the house, every agent of the chain, the people, the tasks. */
export function chainLimit(facts: Standing): Limit | undefined {
  return principalLimit(facts) ?? taskLimit(facts) ?? treeLimit(facts) ?? requesterLimit(facts);
}

/** The house, the agent and the person who answers for it. */
function principalLimit({ isFresh, agent, owner }: Standing): Limit | undefined {
  if (!isFresh) return { reason: 'house.stale', link: 'house' };
  if (agent?.state !== 'active') return { reason: 'agent.not_active', link: 'agent' };
  if (owner?.id !== agent.owner || owner.state !== 'active') return { reason: 'owner.not_active', link: 'owner' };
  return undefined;
}

/** The task is open, unexpired, and this agent's own. */
function taskLimit({ nowMs, agent, task }: Standing): Limit | undefined {
  const isOpen = task !== undefined && task.agent === agent?.id && task.state === 'open' && task.expiresAtMs > nowMs;
  return isOpen ? undefined : { reason: 'task.ended', link: 'task' };
}

/** Who asked is the root's own agent, for whom its owner answers, or a person who is known and active. Nobody else may ask. */
function requesterLimit(facts: Standing): Limit | undefined {
  const root = rootTask(facts);
  if (root === undefined || root.requester === root.agent) return undefined;
  const { requester } = facts;
  const isLive = requester?.id === root.requester && requester.state === 'active';
  return isLive ? undefined : { reason: 'requester.not_active', link: 'requester' };
}

/** The task at the root of the tree, as far as it is known. */
export function rootTask({ chain, task }: Pick<Standing, 'chain' | 'task'>): TaskFacts | undefined {
  return chain?.[0]?.task ?? task;
}

/** The same standing without a call, for what could be permitted at all: undefined when some link has ended. */
export function liveStanding(facts: Standing): LiveStanding | undefined {
  const mandate = liveMandate(facts);
  if (chainLimit(facts) !== undefined || 'reason' in mandate || parentMandateLimit(facts) !== undefined) return undefined;
  return wholeStanding(facts, mandate);
}

/** The facts of which {@link chainLimit} found nothing missing. */
function wholeStanding(facts: Standing, mandate: LiveMandate): LiveStanding | undefined {
  const { nowMs, agent, owner, task, system, chain, roles, organisation } = facts;
  const isKnown = agent !== undefined && owner !== undefined && task !== undefined;
  if (!isKnown || system === undefined || organisation === undefined || chain === undefined) return undefined;
  const links = chain.length === 0 ? [] : chain.flatMap((link) => liveLink(link, nowMs) ?? []);
  if (links.length < chain.length) return undefined;
  const root = rootTask(facts);
  const isRequested = root?.requester !== root?.agent;
  const human = isRequested ? facts.requester : (links[0]?.owner ?? owner);
  if (human === undefined) return undefined;
  return { nowMs, agent, owner, task, system, mandate, chain: links, human, isRequested, roles, organisation };
}

function liveLink({ agent, owner, task, mandate }: NonNullable<Standing['chain']>[number], nowMs: number): LiveLink | undefined {
  const live = liveMandate({ nowMs, agent, mandate });
  return agent === undefined || owner === undefined || 'reason' in live ? undefined : { agent, owner, task, mandate: live };
}
