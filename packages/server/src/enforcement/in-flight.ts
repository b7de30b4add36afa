import type { AuthenticatedCaller, GuardedSystem } from '@surety/contract/enforcement';
import { isEnded } from '#authn/read-chain';
import type { Feed } from '#change/feed';

type Watch = { readonly keys: readonly string[]; readonly cut: (why: string) => void };

/** Calls in flight at this enforcement point, by everything whose end must end them. */
export type InFlight = {
  /** Whether every link is still live and this node's news fresh. Synchronous; applies what has arrived first. */
  isLive(caller: AuthenticatedCaller, system: GuardedSystem): boolean;
  /** Calls `cut` once when a link of this caller or the system ends. Returns an unsubscribe. */
  onEnd(caller: AuthenticatedCaller, system: GuardedSystem, cut: (why: string) => void): () => void;
  /** How many calls the changes from one number to another cut here, for a receipt. */
  cutBetween(first: number, last: number): number;
  close(): void;
};

/** How many changes' counts are kept for receipts. */
const keptCounts = 100;

export function openInFlight(feed: Feed): InFlight {
  const byKey = new Map<string, Set<Watch>>();
  const counts = new Map<number, number>();
  const unsubscribe = feed.onChange((change) => {
    if (change.what !== 'cutoff' && change.what !== 'stopped') return;
    const watches = [...(byKey.get(change.key) ?? [])];
    for (const watch of watches) {
      remove(byKey, watch);
      watch.cut(change.what === 'stopped' ? 'stopped' : 'ended');
    }
    noteCount(counts, change.number, watches.length);
  });
  return {
    isLive: (caller, system) => {
      feed.catchUp();
      return feed.isFresh() && endedLink(feed, caller, system) === undefined;
    },
    onEnd: (caller, system, cut) => {
      const watch: Watch = { keys: linksOf(caller, system), cut };
      for (const key of watch.keys) addTo(byKey, key, watch);
      return () => remove(byKey, watch);
    },
    cutBetween: (first, last) => {
      let sum = 0;
      for (const [number, cut] of counts) if (number >= first && number <= last) sum += cut;
      return sum;
    },
    close: unsubscribe,
  };
}

/** Everything that ends a call when it ends, also above. The end of an owner is announced for each agent they answer for. */
export function linksOf(caller: AuthenticatedCaller, system?: GuardedSystem): string[] {
  const { principal, credential, task, tokenId, above = [] } = caller;
  const own = [
    principal,
    credential,
    tokenId,
    ...(task === undefined ? [] : [task]),
    ...(system === undefined ? [] : [system.id]),
  ];
  return [...own, ...above.map(({ key }) => key)];
}

/**
 * The first link that has ended; undefined when all are live. A cut-off of a principal ends what was issued at or before
 * it; of anything else it is final.
 */
export function endedLink(feed: Feed, caller: AuthenticatedCaller, system?: GuardedSystem): string | undefined {
  const { above = [], ...own } = caller;
  const ended = linksOf(own, system).find((key) => {
    const cutOff = feed.cutoffOf(key);
    return cutOff !== undefined && (key !== caller.principal || cutOff >= caller.issuedAtSeconds * 1000);
  });
  return ended ?? above.find((link) => isEnded(feed, link))?.key;
}

function addTo(byKey: Map<string, Set<Watch>>, key: string, watch: Watch): void {
  const there = byKey.get(key);
  if (there === undefined) byKey.set(key, new Set([watch]));
  else there.add(watch);
}

function remove(byKey: Map<string, Set<Watch>>, watch: Watch): void {
  for (const key of watch.keys) {
    const there = byKey.get(key);
    there?.delete(watch);
    if (there?.size === 0) byKey.delete(key);
  }
}

function noteCount(counts: Map<number, number>, change: number, cut: number): void {
  counts.set(change, cut);
  for (const number of counts.keys()) {
    if (counts.size <= keptCounts) break;
    counts.delete(number);
  }
}
