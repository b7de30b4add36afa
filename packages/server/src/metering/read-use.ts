import type { Limit } from '@surety/contract/limits';
import type { LimitUse } from '@surety/contract/metering-routes';
import { leftOf } from '@surety/decision/counts/decimal';
import { limitSentence } from '@surety/decision/counts/limit-words';
import { limitQuery } from '@surety/decision/counts/plan-counts';
import type { Tx } from '#kernel/db';
import { listBusyRoots } from '#ledger/deed-store';
import type { Meters } from './meters.ts';

/** Trees of tasks that a limit per task is shown for. */
const maxTrees = 20;

/** A mandate, as far as its limits are concerned. */
export type LimitedMandate = {
  readonly agent: { readonly id: string; readonly owner: string };
  readonly limits: readonly Limit[];
};

/** How much of each limit is used now. */
export async function readUse(
  { db, meters }: { readonly db: Tx; readonly meters: Pick<Meters, 'total'> },
  { agent, limits }: LimitedMandate,
  nowMs: number,
): Promise<LimitUse[]> {
  const roots = limits.some(({ per }) => per === 'task') ? await listBusyRoots(db, agent.id, maxTrees) : [];
  const uses = limits.map(async (limit, at) => {
    const places = limit.per === 'task' ? roots : [''];
    return Promise.all(
      places.map(async (root): Promise<LimitUse> => {
        const used = await meters.total(limitQuery(limit, agent, root), nowMs);
        const of = { task: root, agent: agent.id, owner: agent.owner, organisation: 'organisation' }[limit.per];
        return { limit: at + 1, sentence: limitSentence(limit), of, used, max: limit.max, left: leftOf(limit.max, used) };
      }),
    );
  });
  return (await Promise.all(uses)).flat();
}
