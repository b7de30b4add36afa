import type { System } from '@surety/contract/system';
import { announce } from '#change/announce';
import { Fault } from '#kernel/fault';
import { record } from '#ledger/record';
import type { CatalogueHouse } from './catalogue-house.ts';
import { lockSystem, saveSystem, viewSystem } from './system-store.ts';

/** Says, for a person, what is known of everything that comes from a system. Fault `system.not_found`. */
export async function labelSystem(
  house: Pick<CatalogueHouse, 'db' | 'clock'>,
  actor: string,
  { system: ref, labels: given }: { readonly system: string; readonly labels: readonly string[] },
): Promise<System> {
  return house.db.transaction(async (tx) => {
    const before = await lockSystem(tx, ref);
    if (before.state === 'removed') throw new Fault('system.not_found', ref);
    const labels = [...new Set(given)];
    const after = { ...before, flow: { labels, by: 'person' as const }, revision: before.revision + 1 };
    await saveSystem(tx, after);
    const data = { operation: null, labels, fields: [], guards: [] };
    await record(tx, house.clock, { type: 'system.labelled', actor, about: after.id, data });
    await announce(tx, [{ what: 'changed', key: after.id }]);
    return viewSystem(tx, after);
  });
}
