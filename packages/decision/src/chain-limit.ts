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
    return isWhole([task], [agent.id]) ? undefined : { reason: 'chain.broken', link: 'hop' };
  const tasks = [...chain.map((link) => link.task), task];
  const agents = [...chain.map((link) => link.agent?.id ?? link.task.agent), agent.id];
  if (!isWhole(tasks, agents)) return { reason: 'chain.broken', link: 'hop' };
  if (chain.length > maxHops) return { reason: 'chain.too_deep', link: 'hop' };
  for (const [at, link] of chain.entries()) {
    const reason = parentReason(link, nowMs);
    if (reason !== undefined) return { reason, link: 'parent', at };
  }
  return hopLimit(tasks, nowMs);
}

function isWhole(tasks: readonly TaskFacts[], agents: readonly string[]): boolean {
  const fits = tasks.every(
    ({ agent, requester, parent, root, depth, hop }, at) =>
      agent === agents[at] &&
      depth === at &&
      root === tasks[0]?.id &&
      (at === 0 ? parent === null : parent === tasks[at - 1]?.id && requester === agents[at - 1] && hop !== null),
  );
  return fits && new Set(agents).size === agents.length;
}

function parentReason({ agent, owner, task }: LinkFacts, nowMs: number): Limit['reason'] | undefined {
  if (agent?.state !== 'active') return 'parent.not_active';
  if (owner?.id !== agent.owner || owner.state !== 'active') return 'parent.owner_not_active';
  return task.state === 'open' && task.expiresAtMs > nowMs ? undefined : 'parent.task_ended';
}

function hopLimit(tasks: readonly TaskFacts[], nowMs: number): Limit | undefined {
  for (const [at, { hop }] of tasks.entries()) {
    if (hop === null) continue;
    if (!(hop.expiresAtMs > nowMs)) return { reason: 'hop.expired', link: 'hop', at };
    if (!(hop.depthLeft >= tasks.length - 1 - at)) return { reason: 'chain.too_deep', link: 'hop', at };
    if (hop.policies === undefined) return { reason: 'hop.invalid', link: 'hop', at };
  }
  return undefined;
}

/** The mandate of every agent above is in force and lets as many hops hang below as there are. */
export function parentMandateLimit({ nowMs, chain = [] }: Pick<Standing, 'nowMs' | 'chain'>): Limit | undefined {
  for (const [at, { agent, mandate }] of chain.entries()) {
    const live = liveMandate({ nowMs, agent, mandate });
    if ('reason' in live) return { reason: 'parent.no_mandate', link: 'parent', at };
    const { maxDepth = defaultHops } = live.policies.document;
    if (!(maxDepth >= chain.length - at)) return { reason: 'chain.too_deep', link: 'parent', at };
  }
  return undefined;
}
