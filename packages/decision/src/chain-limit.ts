import { defaultHops, maxHops } from '@surety/contract/delegation';
import type { LinkFacts, Standing, TaskFacts } from './call-facts.ts';
import { type Limit, liveMandate } from './live-mandate.ts';

/**
 * What the tree of tasks says before any policy is heard: the path is whole and no agent stands in it twice; every agent
 * above is active, so is the person who answers for it, and its task is open; no hop has expired, and none goes deeper than
 * one above it granted. The path was assembled from stored rows; that it fits together is asked again here all the same.
 */
export function treeLimit({ nowMs, agent, task, chain }: Standing): Limit | undefined {
  if (chain === undefined || task === undefined || agent === undefined) return { reason: 'chain.broken', link: 'hop' };
  if (chain.length === 0 && task.hop === null)
    return isRoot(task, agent.id) ? undefined : { reason: 'chain.broken', link: 'hop' };
  if (!isWhole(chain, task, agent.id)) return { reason: 'chain.broken', link: 'hop' };
  if (chain.length > maxHops) return { reason: 'chain.too_deep', link: 'hop' };
  for (let at = 0; at < chain.length; at++) {
    const link = chain[at];
    const reason = link && parentReason(link, nowMs);
    if (reason !== undefined) return { reason, link: 'parent', at };
  }
  return hopLimit(chain, task, nowMs);
}

/** The same as {@link isWhole} for a task that nobody passed anything on to. */
function isRoot({ id, agent, root, parent, depth }: TaskFacts, caller: string): boolean {
  return agent === caller && root === id && parent === null && depth === 0;
}

/** Whether the tasks follow one another, each with the agent that works on it, and no agent stands there twice. */
function isWhole(chain: readonly LinkFacts[], task: TaskFacts, caller: string): boolean {
  const root = chain[0]?.task ?? task;
  for (let at = 0; at <= chain.length; at++) {
    const link = chain[at];
    const one = link?.task ?? task;
    const agent = link === undefined ? caller : agentAt(chain, at);
    if (one.agent !== agent || one.depth !== at || one.root !== root.id) return false;
    if (!isBelow(one, chain[at - 1]) || standsBefore(chain, at, agent)) return false;
  }
  return true;
}

function agentAt(chain: readonly LinkFacts[], at: number): string | undefined {
  return chain[at]?.agent?.id ?? chain[at]?.task.agent;
}

/** Beyond the most hops that there can be, the chain is refused anyway. */
function standsBefore(chain: readonly LinkFacts[], at: number, agent: string | undefined): boolean {
  for (let before = 0; before < Math.min(at, maxHops); before++) if (agentAt(chain, before) === agent) return true;
  return false;
}

function isBelow({ parent, requester, hop }: TaskFacts, above: LinkFacts | undefined): boolean {
  if (above === undefined) return parent === null;
  return parent === above.task.id && requester === (above.agent?.id ?? above.task.agent) && hop !== null;
}

/** Why an agent above is not live, or its task is not open. */
export function parentReason({ agent, owner, task }: LinkFacts, nowMs: number): Limit['reason'] | undefined {
  if (agent?.state !== 'active') return 'parent.not_active';
  if (owner?.id !== agent.owner || owner.state !== 'active') return 'parent.owner_not_active';
  return task.state === 'open' && task.expiresAtMs > nowMs ? undefined : 'parent.task_ended';
}

function hopLimit(chain: readonly LinkFacts[], task: TaskFacts, nowMs: number): Limit | undefined {
  for (let at = 0; at <= chain.length; at++) {
    const { hop } = chain[at]?.task ?? task;
    const reason = hop === null ? undefined : hopReason(hop, chain.length - at, nowMs);
    if (reason !== undefined) return { reason, link: 'hop', at };
  }
  return undefined;
}

/** Why a hop is over, too short for what hangs `below` it, or unreadable. */
export function hopReason(hop: TaskFacts['hop'], below: number, nowMs: number): Limit['reason'] | undefined {
  if (hop === null) return undefined;
  if (!(hop.expiresAtMs > nowMs)) return 'hop.expired';
  if (!(hop.depthLeft >= below)) return 'chain.too_deep';
  return hop.policies === undefined ? 'hop.invalid' : undefined;
}

/** The mandate of every agent above is in force and lets as many hops hang below as there are. */
export function parentMandateLimit({ nowMs, chain = [] }: Pick<Standing, 'nowMs' | 'chain'>): Limit | undefined {
  for (let at = 0; at < chain.length; at++) {
    const link = chain[at];
    const reason = link && parentMandateReason(link, chain.length - at, nowMs);
    if (reason !== undefined) return { reason, link: 'parent', at };
  }
  return undefined;
}

/** Why the mandate of an agent above lets nothing hang below it, or not as much. */
export function parentMandateReason(
  { agent, mandate }: Pick<LinkFacts, 'agent' | 'mandate'>,
  below: number,
  nowMs: number,
): Limit['reason'] | undefined {
  const live = liveMandate({ nowMs, agent, mandate });
  if ('reason' in live) return 'parent.no_mandate';
  const { maxDepth = defaultHops } = live.policies.document;
  return maxDepth >= below ? undefined : 'chain.too_deep';
}
