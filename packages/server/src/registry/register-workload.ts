import type { Workload } from '@surety/contract/agent';
import { instant } from '#kernel/clock';
import { newId } from '#kernel/id';
import { record } from '#ledger/record';
import { checkOwnership } from './ownership.ts';
import { readAnswerable } from './read-answerable.ts';
import type { RegistryHouse } from './registry-house.ts';
import { addWorkload } from './workload-store.ts';

export type RegisterWorkload = {
  readonly name: string;
  readonly displayName: string;
  readonly owner: string;
  readonly deputies: readonly string[];
};

/** Registers a workload, as a draft. Faults as of `registerAgent`. */
export async function registerWorkload(house: RegistryHouse, actor: string, input: RegisterWorkload): Promise<Workload> {
  return house.db.transaction(async (tx) => {
    const now = house.clock();
    const ownership = checkOwnership(await readAnswerable(tx, input.owner, input.deputies));
    const workload: Workload = {
      id: newId('workload', now),
      name: input.name,
      displayName: input.displayName,
      ...ownership,
      state: 'draft',
      revision: 1,
      createdAt: instant(now),
    };
    await addWorkload(tx, workload);
    await record(tx, house.clock, {
      type: 'workload.registered',
      actor,
      about: workload.id,
      data: { owner: workload.owner, state: workload.state },
    });
    return workload;
  });
}
