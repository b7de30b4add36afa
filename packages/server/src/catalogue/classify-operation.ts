import type { Effect, Operation, System } from '@surety/contract/system';
import { announce } from '#change/announce';
import { Fault } from '#kernel/fault';
import { record } from '#ledger/record';
import type { CatalogueHouse } from './catalogue-house.ts';
import { lockSystem, saveSystem, viewSystem } from './system-store.ts';

export type ClassifyOperation = { readonly system: string; readonly operation: string; readonly effect: Effect };

/**
 * Says, for a person, what an operation does to the world. It holds for the definition as it is now. Fault
 * `system.not_found` for an unknown or removed system; `request.malformed` when it has no such operation.
 */
export async function classifyOperation(
  house: Pick<CatalogueHouse, 'db' | 'clock'>,
  actor: string,
  { system: ref, operation, effect }: ClassifyOperation,
): Promise<System> {
  return house.db.transaction(async (tx) => {
    const before = await lockSystem(tx, ref);
    if (before.state === 'removed') throw new Fault('system.not_found', ref);
    const known = before.operations.find(({ name }) => name === operation);
    if (known === undefined) {
      throw new Fault('request.malformed', undefined, {
        issues: [{ path: '/operation', message: 'the system has no such operation' }],
      });
    }
    const classified: Operation = { ...known, effect, effectBy: 'person' };
    if (known.effect === effect && known.effectBy === 'person') return viewSystem(tx, before);
    const operations = before.operations.map((one) => (one === known ? classified : one));
    const after = { ...before, operations, revision: before.revision + 1 };
    await saveSystem(tx, after);
    await record(tx, house.clock, { type: 'operation.classified', actor, about: after.id, data: { operation, effect } });
    await announce(tx, [{ what: 'changed', key: after.id }]);
    return viewSystem(tx, after);
  });
}
