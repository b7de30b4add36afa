import type { Feed } from './feed.ts';

/** How long news that the database has may take to arrive here, in milliseconds: twice the slowest poll. */
const withinMs = 2_000;

/**
 * After a commit that was refused as stale: there is a change above `change` that has not arrived here, so what is decided
 * again before it does is refused again. Waits until something newer is applied, or as long as that may take.
 */
export async function hearNewer(feed: Pick<Feed, 'waitFor'>, change: number): Promise<void> {
  await feed.waitFor(change + 1, withinMs);
}
