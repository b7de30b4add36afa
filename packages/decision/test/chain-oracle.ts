import {
  type ChainWorld,
  type Pool,
  type Rule,
  type SmallLink,
  type SmallMandate,
  type SmallPolicies,
  places,
} from './chain-world.ts';

/**
 * What a chain permits, judged link by link without Cedar and without the compiler: the naive intersection that the decision
 * is held against. Nothing here is imported from what is tested.
 */
export type Judgement = { readonly outcome: 'permit' | 'hold' | 'deny'; readonly refusing: string | undefined };

export function judge(world: ChainWorld, pool: Pool): Judgement {
  const refusing = firstRefusing(world, pool);
  if (refusing !== undefined) return { outcome: 'deny', refusing };
  return { outcome: isHeld(world, pool) ? 'hold' : 'permit', refusing: undefined };
}

function firstRefusing(world: ChainWorld, pool: Pool): string | undefined {
  if (!isTree(world.links)) return 'tree';
  for (const at of world.links.keys()) {
    const refusing = refusingAt(world, pool, at);
    if (refusing !== undefined) return refusing;
  }
  if (world.isRequested && !world.isRequesterActive) return 'requester';
  if (
    !policiesPermit(
      world.roles.map((one) => pool.roles[one]),
      world,
    )
  )
    return 'human';
  return policiesPermit([pool.organisations[world.organisation]], world) ? undefined : 'organisation';
}

function refusingAt(world: ChainWorld, pool: Pool, at: number): string | undefined {
  const link = world.links[at];
  if (link === undefined || !isLive(link, world)) return 'life';
  if (at > 0 && !hopPermits(world, pool, at)) return 'hop';
  const mandate = mandateOf(link, pool);
  if (mandate === undefined || isOver(mandate, world) || !mandate.isSigned) return 'mandate in force';
  if (world.effect !== 'read' && [mandate.autonomy, link.autonomy].includes('observe')) return 'autonomy';
  const below = world.links.length - 1 - at;
  if (below === 0) return mandate.permissions.some((rule) => permits(rule, world)) ? undefined : 'mandate';
  if (below > (mandate.maxDepth ?? 4)) return 'depth';
  return passable(mandate).some((rule) => permits(rule, world)) ? undefined : 'pass on';
}

function isLive({ isActive, isOwnerActive, isTaskOpen, taskLastsSeconds }: SmallLink, { elapsedSeconds }: ChainWorld): boolean {
  return isActive && isOwnerActive && isTaskOpen && taskLastsSeconds > elapsedSeconds;
}

/** Whether something that lasts so long is over. */
export function isOver(
  { isExpired, lastsSeconds }: { readonly isExpired: boolean; readonly lastsSeconds: number },
  { elapsedSeconds }: Pick<ChainWorld, 'elapsedSeconds'>,
): boolean {
  return isExpired || lastsSeconds <= elapsedSeconds;
}

/** No agent twice, every task where it belongs, and a grant on each but the first. */
function isTree(links: readonly SmallLink[]): boolean {
  const seen = new Set<number>();
  for (const [at, { agent, fault, hop }] of links.entries()) {
    if (fault !== 'none' || seen.has(agent) || (at > 0 && hop === undefined)) return false;
    seen.add(agent);
  }
  return links.length <= places;
}

function mandateOf({ agent, mandate }: SmallLink, pool: Pool): SmallMandate | undefined {
  return mandate === undefined ? undefined : pool.mandates[agent]?.[mandate];
}

function passable({ permissions, passOn, passesOn }: SmallMandate): readonly Rule[] {
  return passesOn ? [...permissions, ...passOn] : passOn;
}

function hopPermits(world: ChainWorld, pool: Pool, at: number): boolean {
  const link = world.links[at];
  const hop = link?.hop === undefined ? undefined : pool.hops[link.agent]?.[link.hop];
  if (hop === undefined || isOver(hop, world) || world.links.length - 1 - at > hop.depthLeft) return false;
  if (hop.audiences !== null && !hop.audiences.includes(world.system)) return false;
  return hop.details === null || hop.details.some((rule) => permits(rule, world));
}

function permits(rule: Rule, world: ChainWorld): boolean {
  return isAbout(rule, world) && (rule.max === undefined || (typeof world.amount === 'number' && world.amount <= rule.max));
}

function isAbout({ system, pattern }: Rule, world: ChainWorld): boolean {
  if (system !== world.system) return false;
  if (pattern === '*') return true;
  if (pattern === 'refund*') return world.operation.startsWith('refund');
  if (pattern === '*_all') return world.operation.endsWith('_all');
  return pattern === world.operation;
}

function policiesPermit(sets: readonly (SmallPolicies | undefined)[], world: ChainWorld): boolean {
  const forbidden = sets.some((set) => set?.forbids.some((rule) => permits(rule, world)) ?? true);
  return !forbidden && sets.some((set) => set?.permits.some((rule) => permits(rule, world)));
}

function isHeld({ links, ...rest }: ChainWorld, pool: Pool): boolean {
  const world = { links, ...rest };
  return links.some((link, at) => {
    const mandate = mandateOf(link, pool);
    if (mandate === undefined) return true;
    const isCaller = at === links.length - 1;
    const rules = isCaller ? mandate.permissions : [...mandate.permissions, ...mandate.passOn];
    const asks = rules.some(
      (rule) =>
        rule.hold !== undefined && permits(rule, world) && !(typeof world.amount === 'number' && world.amount <= rule.hold),
    );
    return asks || (world.effect !== 'read' && (mandate.autonomy === 'propose' || link.autonomy === 'propose'));
  });
}
