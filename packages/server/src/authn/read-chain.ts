import type { LinkAbove } from '@surety/contract/enforcement';
import type { Task } from '@surety/contract/task';
import { BoundedCache } from '@surety/proof/bounded-cache';
import type { Feed } from '#change/feed';
import type { Clock } from '#kernel/clock';
import { kindOf, type Principal } from '#registry/principal';
import { readPrincipalStanding, type StandingFacts } from './read-standing.ts';

/** Where chains are read from. */
export type ChainHouse = {
  readonly feed: Pick<Feed, 'applied' | 'catchUp' | 'cutoffOf' | 'cutoffNumberOf'>;
  readonly facts: StandingFacts;
  readonly authority: {
    chain(taskId: string): Promise<readonly Task[] | undefined>;
    hasLostMandate(agentId: string, now: number): Promise<boolean>;
  };
  readonly clock: Clock;
};

/** One task of a chain, whose agent and the person who answers for it are active. */
export type LiveLink = { readonly task: Task; readonly principal: Principal; readonly owner: string | undefined };

export type ChainStanding =
  | {
      readonly live: true;
      /** Root first, the task itself last. */
      readonly tasks: readonly Task[];
      readonly links: readonly LiveLink[];
      /** What lies above the last link, and ends it when it ends. */
      readonly above: readonly LinkAbove[];
    }
  | { readonly live: false; readonly why: string };

/**
 * Whether every link of a stored chain is live now: whole and without a loop, each task open, each agent active with an
 * active owner, each opening key active, no agent above with a mandate that is over, the person at the root active, and nothing
 * cut off since it was opened. What was opened before a cut-off stays dead when its principal is enabled again.
 */
export async function readChain(house: ChainHouse, taskId: string): Promise<ChainStanding> {
  house.feed.catchUp();
  const change = house.feed.applied();
  const before = keptFor(house).get(taskId);
  if (before?.change === change && (await isStillLive(house, before))) return before.standing;
  const standing = await readAnew(house, taskId);
  if (standing.live && house.feed.applied() === change)
    keptFor(house).set(taskId, { change, standing, untilMs: firstEnd(standing.tasks) });
  return standing;
}

type LiveChain = Extract<ChainStanding, { live: true }>;

/** `change`: number of the newest change when it was read. */
type KeptChain = { readonly change: number; readonly standing: LiveChain; readonly untilMs: number };

/**
 * Chains that were found live, by the feed whose changes they are as new as: as long as no change has arrived, only time can
 * have ended one. What was not live is not kept.
 */
const kept = new WeakMap<ChainHouse['feed'], BoundedCache<KeptChain>>();

const maxKept = 10_000;

function keptFor({ feed }: ChainHouse): BoundedCache<KeptChain> {
  let chains = kept.get(feed);
  if (chains === undefined) kept.set(feed, (chains = new BoundedCache(maxKept)));
  return chains;
}

function firstEnd(tasks: readonly Task[]): number {
  return Math.min(...tasks.map(({ expiresAt }) => Date.parse(expiresAt)));
}

/** Whether time has ended nothing of it: no task, and no mandate of an agent above. */
async function isStillLive({ authority, clock }: ChainHouse, { standing: { tasks }, untilMs }: KeptChain): Promise<boolean> {
  const now = clock();
  if (untilMs <= now) return false;
  for (let at = 0; at < tasks.length - 1; at++) if (await authority.hasLostMandate(tasks[at]?.agent ?? '', now)) return false;
  return true;
}

async function readAnew(house: ChainHouse, taskId: string): Promise<ChainStanding> {
  const tasks = await house.authority.chain(taskId);
  if (tasks === undefined || breakOf(tasks) !== undefined) return dead('the chain is not whole');
  const now = house.clock();
  const links: LiveLink[] = [];
  for (const task of tasks) {
    if (task !== tasks.at(-1) && (await house.authority.hasLostMandate(task.agent, now)))
      return dead('the mandate of an agent above is over');
    const link = await readLink(house, task, now);
    if ('why' in link) return link;
    links.push(link);
  }
  const root = tasks[0];
  if (root !== undefined && kindOf(root.requester) === 'human' && (await house.facts.human(root.requester))?.state !== 'active')
    return dead('the person at the root is not active');
  const all = links.map(keysOf);
  if (all.flat().some((link) => isEnded(house.feed, link))) return dead('a link of the chain was cut off');
  return { live: true, tasks, links, above: [...all.slice(0, -1).flat(), ...answeringFor(links.at(-1))] };
}

/** One link by itself: the task, the keys that opened it, its agent and who owns that. */
async function readLink(
  { facts }: ChainHouse,
  task: Task,
  now: number,
): Promise<LiveLink | Extract<ChainStanding, { live: false }>> {
  if (task.state !== 'open' || Date.parse(task.expiresAt) <= now) return dead('a task of the chain has ended');
  for (const key of openingKeys(task))
    if ((await facts.credential(key))?.state !== 'active')
      return dead('a key that opened or handed on a task of the chain is not active');
  const standing = await readPrincipalStanding(facts, task.agent);
  return standing.live ? { task, principal: standing.principal, owner: standing.owner } : dead(standing.why);
}

/** Whether something above has ended, as far as this node has heard. */
export function isEnded(feed: Pick<Feed, 'cutoffOf'>, { key, sinceMs }: LinkAbove): boolean {
  const cutOff = feed.cutoffOf(key);
  return cutOff !== undefined && (sinceMs === undefined || cutOff >= sinceMs);
}

/**
 * The first task at which a chain is not one: it does not hang on the one above, is counted wrongly, has another root, or
 * an agent comes twice. Undefined when it is whole.
 */
export function breakOf(chain: readonly Task[]): number | undefined {
  const root = chain[0];
  const seen = new Set<string>();
  for (const [at, task] of chain.entries()) {
    const above = chain[at - 1];
    const hangs = above === undefined ? task.parent === null : task.parent === above.id && task.requester === above.agent;
    const isCounted = task.depth === at && task.root === root?.id && task.answerable === root.answerable;
    if (!hangs || !isCounted || seen.has(task.agent)) return at;
    seen.add(task.agent);
  }
  return root === undefined ? 0 : undefined;
}

/** The key that opened a task, and the one by which it was handed on. */
export function openingKeys({ instance, grant }: Pick<Task, 'instance' | 'grant'>): readonly string[] {
  return [instance, grant?.by].filter((key) => key !== undefined && key !== null);
}

/** Everything whose end ends what hangs below a link. */
function keysOf({ task, principal, owner }: LiveLink): readonly LinkAbove[] {
  const sinceMs = Date.parse(task.createdAt);
  return [
    { key: task.id },
    ...[...openingKeys(task), task.grant?.offer].flatMap((key) => (key === undefined ? [] : [{ key }])),
    ...[principal.one.id, owner, kindOf(task.requester) === 'human' ? task.requester : undefined].flatMap((key) =>
      key === undefined ? [] : [{ key, sinceMs }],
    ),
  ];
}

/**
 * The actor's own agent, key and task are its own to watch; who answers for it, who asked, and what it was handed on by are
 * not.
 */
function answeringFor(last: LiveLink | undefined): readonly LinkAbove[] {
  if (last === undefined) return [];
  const { by, offer } = last.task.grant ?? {};
  return keysOf(last).filter(({ key }) => kindOf(key) === 'human' || key === by || key === offer);
}

function dead(why: string): Extract<ChainStanding, { live: false }> {
  return { live: false, why };
}
