import type { System } from '@surety/contract/system';
import { announce } from '#change/announce';
import { removeSealedCredential } from '#broker/system-credential-store';
import { record } from '#ledger/record';
import type { CatalogueHouse } from './catalogue-house.ts';
import { lockSystem, saveSystem, viewSystem } from './system-store.ts';

/**
 * Stops protecting a system: nothing passes to it any more, and its credential leaves the house. Its name stays taken, so
 * that a mandate which names it can never come to mean another. Fault `system.not_found`.
 */
export async function removeSystem(
  house: Pick<CatalogueHouse, 'db' | 'clock'>,
  actor: string,
  { system: ref }: { readonly system: string },
): Promise<System> {
  return house.db.transaction(async (tx) => {
    const before = await lockSystem(tx, ref);
    if (before.state === 'removed') return viewSystem(tx, before);
    const after = { ...before, state: 'removed' as const, revision: before.revision + 1 };
    await saveSystem(tx, after);
    await removeSealedCredential(tx, after.id);
    await record(tx, house.clock, { type: 'system.removed', actor, about: after.id, data: { name: after.name } });
    await announce(tx, [
      { what: 'changed', key: after.id },
      { what: 'cutoff', key: after.id },
    ]);
    return viewSystem(tx, after);
  });
}
