import type { Destination, DestinationKind } from '@surety/contract/flow';
import { salientValue } from '@surety/decision/flow/normal-form';
import { announce } from '#change/announce';
import { type Clock, instant } from '#kernel/clock';
import type { Db, Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { record } from '#ledger/record';
import { findHuman } from '#registry/human-store';
import { lockDestination, saveDestination, type StoredDestination } from './destination-store.ts';
import type { Fingerprints } from './fingerprints.ts';
import { directoryKey } from './gather-flow.ts';

export type DirectoryHouse = { readonly db: Db; readonly clock: Clock; readonly prints: Fingerprints };

type Place = { readonly kind: DestinationKind; readonly value: string };

/** Knows a destination from now on. Fault `request.malformed` for a value that is none of its kind. */
export async function addDestination(house: DirectoryHouse, actor: string, place: Place): Promise<Destination> {
  return house.db.transaction(async (tx) => {
    const added = await keepDestination(tx, house, { ...normal(place), actor, approval: null });
    await announce(tx, [{ what: 'changed', key: directoryKey }]);
    return viewDestination(added, await nameOf(tx, actor));
  });
}

/** Knows a destination no longer. Faults `destination.not_found`, `request.malformed`. */
export async function removeDestination(house: DirectoryHouse, actor: string, place: Place): Promise<Destination> {
  return house.db.transaction(async (tx) => {
    const { kind, value } = normal(place);
    const before = await lockDestination(tx, kind, value);
    if (before?.state !== 'known') throw new Fault('destination.not_found');
    await saveDestination(tx, { ...before, state: 'removed' });
    const revision = before.revision + 1;
    const data = { kind, valueDigest: digestOf(house.prints, before), revision };
    await record(tx, house.clock, { type: 'destination.removed', actor, about: directoryKey, data });
    await announce(tx, [{ what: 'changed', key: directoryKey }]);
    return viewDestination({ ...before, revision }, await nameOf(tx, before.addedBy));
  });
}

/**
 * Keeps destinations that a signed yes named, within its transaction; values are normal already. Returns what must be announced
 * with it.
 */
export async function rememberDestinations(
  tx: Tx,
  house: Omit<DirectoryHouse, 'db'>,
  { places, actor, approval }: { readonly places: readonly Place[]; readonly actor: string; readonly approval: string },
): Promise<readonly { what: 'changed'; key: string }[]> {
  for (const place of places) await keepDestination(tx, house, { ...place, actor, approval });
  return places.length === 0 ? [] : [{ what: 'changed', key: directoryKey }];
}

async function keepDestination(
  tx: Tx,
  { clock, prints }: Omit<DirectoryHouse, 'db'>,
  { kind, value, actor, approval }: Place & { readonly actor: string; readonly approval: string | null },
): Promise<StoredDestination> {
  const before = await lockDestination(tx, kind, value);
  if (before?.state === 'known') return before;
  const added: StoredDestination = {
    kind,
    value,
    state: 'known',
    origin: approval === null ? 'person' : 'approval',
    addedBy: actor,
    approval,
    addedAt: new Date(clock()),
    revision: (before?.revision ?? 0) + 1,
  };
  await saveDestination(tx, added);
  const data = { kind, valueDigest: digestOf(prints, added), approval, revision: added.revision };
  await record(tx, clock, { type: 'destination.added', actor, about: directoryKey, data });
  return added;
}

/** The ledger knows a destination by its keyed fingerprint: it is there for good, and the destination may be a person's. */
function digestOf(prints: Fingerprints, { kind, value }: Place): string {
  return prints.of({ kind, value }).toString('base64url');
}

function normal({ kind, value }: Place): Place {
  const read = salientValue(kind, value);
  if (read === undefined)
    throw new Fault('request.malformed', undefined, {
      issues: [{ path: '/value', message: `is no destination of the kind ${kind}` }],
    });
  return { kind, value: read.value };
}

async function nameOf(tx: Tx, id: string): Promise<string> {
  return (await findHuman(tx, id))?.displayName ?? id;
}

export function viewDestination(
  { kind, value, origin, addedBy, addedAt, approval, revision }: StoredDestination,
  addedByName: string,
): Destination {
  return { kind, value, from: origin, addedBy, addedByName, addedAt: instant(addedAt.getTime()), approval, revision };
}
