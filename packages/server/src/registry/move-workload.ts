import type { PrincipalState, Workload } from '@surety/contract/agent';
import { announce } from '#change/announce';
import { record } from '#ledger/record';
import { voidEnrolments } from './enrolment-store.ts';
import { resolveOf } from './find-principal.ts';
import { moveTo } from './lifecycle.ts';
import type { RegistryHouse } from './registry-house.ts';
import { lockWorkload, saveWorkload } from './workload-store.ts';

export type MoveWorkload = { readonly workload: string; readonly to: PrincipalState; readonly reason: string };

/** Activates, suspends or retires a workload, as `moveAgent`. Faults `workload.not_found`, `agent.move_refused`. */
export async function moveWorkload(
  house: RegistryHouse,
  actor: string,
  { workload, to, reason }: MoveWorkload,
): Promise<Workload> {
  return house.db.transaction(async (tx) => {
    const before = await lockWorkload(tx, await resolveOf(tx, 'workload', workload));
    const after = moveTo(before, to);
    if (after === before) return before;
    await saveWorkload(tx, after);
    await record(tx, house.clock, { type: 'workload.moved', actor, about: after.id, data: { from: before.state, to, reason } });
    if (to !== 'active') await voidEnrolments(tx, after.id, new Date(house.clock()));
    const changed = { what: 'changed', key: after.id } as const;
    await announce(tx, to === 'active' ? [changed] : [changed, { what: 'cutoff', key: after.id }]);
    return after;
  });
}
