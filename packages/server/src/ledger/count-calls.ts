import type { Tx } from '#kernel/db';
import { countIntents } from './entry-store.ts';
import { firstIdAt } from './live-tokens.ts';

/** How far apart the clocks of the nodes that write entries may be, in milliseconds. */
const clockDifferenceMs = 60_000;

/** How many calls went out under each task, by id. `sinceMs`: when it was opened, in ms since the epoch. */
export async function countCalls(
  tx: Tx,
  tasks: readonly { readonly task: string; readonly actor: string; readonly sinceMs: number }[],
): Promise<ReadonlyMap<string, number>> {
  return countIntents(
    tx,
    tasks.map(({ task, actor, sinceMs }) => ({ task, actor, since: firstIdAt(sinceMs - clockDifferenceMs) })),
  );
}
