import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';
import { pruneChallenges } from '#signin/challenge-store';
import { endStaleSessions } from '#signin/end-stale-sessions';
import { pruneSessions } from '#signin/session-store';
import { pruneConsents } from './consent-store.ts';
import { pruneItems } from './interaction-item-store.ts';

/**
 * Writes down which sessions are over, then forgets what signing in and agreeing left behind and what nothing can come of any
 * more. Returns how many rows. For jobs.
 */
export async function pruneInteractive({ db, clock }: { readonly db: Db; readonly clock: Clock }): Promise<number> {
  await endStaleSessions({ db, clock });
  const now = new Date(clock());
  const counts = [await pruneChallenges(db, now), await pruneConsents(db, now), await pruneItems(db, now)];
  return [...counts, await pruneSessions(db, now)].reduce((sum, count) => sum + count, 0);
}
