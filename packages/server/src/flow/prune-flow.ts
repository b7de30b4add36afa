import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';
import { pruneTreeLabels } from './tree-label-store.ts';
import { pruneTreeValues } from './tree-value-store.ts';

/** How long what a tree has seen is kept after its last task is over, in milliseconds: longer than anything goes on from it. */
const keptMs = 72 * 3_600_000;

/** Forgets what trees have seen that are over, once nothing that is opened can go on from them. */
export async function pruneFlow({ db, clock }: { readonly db: Db; readonly clock: Clock }): Promise<void> {
  const before = new Date(clock() - keptMs);
  await pruneTreeValues(db, before);
  await pruneTreeLabels(db, before);
}
