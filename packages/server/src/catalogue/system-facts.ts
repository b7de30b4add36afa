import type { GuardedSystem } from '@surety/contract/enforcement';
import type { CredentialPlace } from '@surety/contract/system';
import { classifyLabels } from './classify-labels.ts';
import { createFactCache } from '#change/fact-cache';
import type { Feed } from '#change/feed';
import { listCredentialPlaces } from '#broker/system-credential-store';
import type { Db } from '#kernel/db';
import { findSystem, findSystemByName, type StoredSystem } from './system-store.ts';

/**
 * The protected systems as guards see them, from memory where it is fresh. A removed system is not there, nor an operation
 * that nobody has looked at since it came or changed.
 */
export type SystemFacts = {
  byName(name: string): Promise<GuardedSystem | undefined>;
  byId(id: string): Promise<GuardedSystem | undefined>;
};

/** The most systems that are kept, under each kind of key. */
const max = 5_000;

export function openSystemFacts({ db, feed }: { readonly db: Db; readonly feed: Feed }): SystemFacts {
  const cacheOf = (find: (key: string) => Promise<StoredSystem | undefined>) =>
    createFactCache<GuardedSystem>({
      feed,
      max,
      load: async (key) => guardedOf(db, await find(key)),
      keysOf: (_key, { id }) => [id],
    });
  const byName = cacheOf((name) => findSystemByName(db, name));
  const byId = cacheOf((id) => findSystem(db, id));
  return { byName: (name) => byName.get(name), byId: (id) => byId.get(id) };
}

async function guardedOf(db: Db, system: StoredSystem | undefined): Promise<GuardedSystem | undefined> {
  if (system?.state !== 'active') return undefined;
  return toGuarded(system, (await listCredentialPlaces(db, [system.id])).get(system.id));
}

function toGuarded(
  { id, name, revision, upstream, operations, flow }: StoredSystem,
  credentialPlace: CredentialPlace | undefined,
): GuardedSystem {
  const looked = operations.filter(({ effectBy }) => effectBy !== 'nobody');
  const guarded = looked.map((one) => ({
    name: one.name,
    effect: one.effect,
    definitionDigest: one.definitionDigest,
    classified: one.effectBy === 'person',
    labels: one.flow?.labels ?? classifyLabels(one),
    fields: one.flow?.fields ?? {},
    guards: one.flow?.guards ?? [],
  }));
  const all = new Map(guarded.map((one) => [one.name, one]));
  return { id, name, revision, upstream, credentialPlace, labels: flow.labels, operations: all };
}
