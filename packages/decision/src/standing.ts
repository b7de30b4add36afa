import type {
  AgentFacts,
  CallFacts,
  HumanFacts,
  LinkFacts,
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
  /** What was counted before this call, where something concerns it. */
  readonly counts?: CallFacts['counts'];
  /** Where the information came from, where a rule asks. */
  readonly flow?: CallFacts['flow'];
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
  return knownFacts(facts, mandate, operation) ?? { reason: 'house.not_ready', link: 'house' };
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
export function taskLimit({ nowMs, agent, task }: Pick<Standing, 'nowMs' | 'agent' | 'task'>): Limit | undefined {
  const isOpen = task !== undefined && task.agent === agent?.id && task.state === 'open' && task.expiresAtMs > nowMs;
  return isOpen ? undefined : { reason: 'task.ended', link: 'task' };
}

/** Who asked is the root's own agent, for whom its owner answers, or a person who is known and active. Nobody else may ask. */
export function requesterLimit(facts: Standing): Limit | undefined {
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
  const { nowMs, agent, owner, task, system, roles, organisation } = facts;
  const chain = liveLinks(facts);
  const human = humanAtRoot(facts);
  if (agent === undefined || owner === undefined || task === undefined || chain === undefined) return undefined;
  if (system === undefined || organisation === undefined || human === undefined) return undefined;
  return { nowMs, agent, owner, task, system, mandate, chain, human, isRequested: isRequested(facts), roles, organisation };
}

/** The same with the call: one object, for it is made for every decision. */
function knownFacts(facts: CallFacts, mandate: LiveMandate, operation: OperationFacts): KnownFacts | undefined {
  const { nowMs, agent, owner, task, system, roles, organisation, counts, flow } = facts;
  const chain = liveLinks(facts);
  const human = humanAtRoot(facts);
  if (agent === undefined || owner === undefined || task === undefined || chain === undefined) return undefined;
  if (system === undefined || organisation === undefined || human === undefined) return undefined;
  return {
    nowMs,
    agent,
    owner,
    task,
    system,
    mandate,
    chain,
    human,
    isRequested: isRequested(facts),
    roles,
    organisation,
    operation,
    arguments: facts.call.arguments,
    counts,
    flow,
  };
}

/** Undefined when one of them is not live, or the path is not whole. */
function liveLinks({ chain, nowMs }: Standing): readonly LiveLink[] | undefined {
  return chain?.every((link) => isLive(link, nowMs)) === true ? (chain as readonly LiveLink[]) : undefined;
}

/** Who asked at the root, or who answers for the agent there, as far as that is known. */
export function humanAtRoot(facts: Standing): HumanFacts | undefined {
  return isRequested(facts) ? facts.requester : (facts.chain?.[0] ?? facts).owner;
}

/** Whether a person asked for the task at the root, and not its own agent. */
export function isRequested(facts: Pick<Standing, 'chain' | 'task'>): boolean {
  const root = rootTask(facts);
  return root?.requester !== root?.agent;
}

function isLive({ agent, owner, mandate }: LinkFacts, nowMs: number): boolean {
  return agent !== undefined && owner !== undefined && !('reason' in liveMandate({ nowMs, agent, mandate }));
}
