import type { Tx } from '#kernel/db';
import { findNewestNumber } from './change-store.ts';
import type { Feed } from './feed.ts';

/** How long news that the database has may take to arrive here, in milliseconds: twice the slowest poll. */
const withinMs = 2_000;

/**
 * After a commit that was refused as stale: there is a change above `change` that has not arrived here, so what is decided
 * again before it does is refused again. Waits until everything is applied that the database has by now, the one that stood
 * in the way among it, or as long as that may take: while many things change, the next change alone is mostly another.
 */
export async function hearNewer(
  { feed, db }: { readonly feed: Pick<Feed, 'waitFor'>; readonly db: Tx },
  change: number,
): Promise<void> {
  const newest = await findNewestNumber(db).catch(() => change);
  await feed.waitFor(Math.max(newest, change + 1), withinMs);
}
