import type { System } from '@surety/contract/system';
import { announce } from '#change/announce';
import { openSystemCredential } from '#broker/system-credential';
import { Fault } from '#kernel/fault';
import { record } from '#ledger/record';
import type { CatalogueHouse } from './catalogue-house.ts';
import { compareOperations } from './described-operation.ts';
import { readSystem } from './read-system.ts';
import { getSystem, lockSystem, saveSystem, viewSystem } from './system-store.ts';
import { checkUpstream } from './upstream.ts';

/**
 * Reads the operations of a system again. What a person said of an operation stays as long as its definition does; an
 * operation that is new or has changed is `unknown` until it is looked at. Faults `system.not_found`, `system.unreachable`,
 * `system.command_refused`.
 */
export async function refreshSystem(
  house: CatalogueHouse,
  actor: string,
  { system: ref }: { readonly system: string },
): Promise<System> {
  const known = await getSystem(house.db, ref);
  if (known.state === 'removed') throw new Fault('system.not_found', ref);
  checkUpstream(known.upstream, { place: undefined, allowCommands: house.allowCommands });
  const now = await readSystem(house, known.upstream, await openSystemCredential(house.db, house.sealer, known.id));

  return house.db.transaction(async (tx) => {
    const before = await lockSystem(tx, known.id);
    if (before.state === 'removed') throw new Fault('system.not_found', ref);
    const { operations, read, ...counts } = compareOperations(before.operations, now);
    if (counts.added + counts.changed + counts.gone + read === 0) return viewSystem(tx, before);
    const after = { ...before, operations, revision: before.revision + 1 };
    await saveSystem(tx, after);
    await record(tx, house.clock, {
      type: 'system.refreshed',
      actor,
      about: after.id,
      data: { operations: operations.length, ...counts },
    });
    await announce(tx, [{ what: 'changed', key: after.id }]);
    return viewSystem(tx, after);
  });
}
