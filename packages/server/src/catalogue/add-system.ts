import type { Human } from '@surety/contract/human';
import type { CredentialPlace, System, Upstream } from '@surety/contract/system';
import { announce } from '#change/announce';
import { checkCredential, putSystemCredential } from '#broker/system-credential';
import { instant } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { newId } from '#kernel/id';
import { record } from '#ledger/record';
import { resolveOf } from '#registry/find-principal';
import { holdHumans } from '#registry/human-store';
import type { CatalogueHouse } from './catalogue-house.ts';
import { classifySystem } from './classify-labels.ts';
import { readSystem } from './read-system.ts';
import { addSystem as storeSystem, findSystemByName, type StoredSystem, viewSystem } from './system-store.ts';
import { checkUpstream, describeUpstream } from './upstream.ts';

export type AddSystem = {
  readonly name: string;
  readonly displayName?: string | undefined;
  /** Id or name; the person who asks, when left out. */
  readonly systemOwner?: string | undefined;
  readonly upstream: Upstream;
  readonly credential?: { readonly place: CredentialPlace; readonly value: string } | undefined;
};

/**
 * Protects a system: asks it what can be called there, classifies each operation, and keeps its own credential sealed.
 * Faults `name.taken`, `human.not_found`, `human.not_active`, `system.unreachable`, `system.command_refused`,
 * `request.malformed`.
 */
export async function addSystem(house: CatalogueHouse, actor: string, input: AddSystem): Promise<System> {
  const { name, upstream, credential } = input;
  checkUpstream(upstream, { place: credential?.place, allowCommands: house.allowCommands });
  if (credential !== undefined) checkCredential(credential);
  if ((await findSystemByName(house.db, name)) !== undefined) throw new Fault('name.taken');
  const operations = await readSystem(house, upstream, credential && { place: credential.place, reveal: () => credential.value });

  return house.db.transaction(async (tx) => {
    const now = house.clock();
    const system: StoredSystem = {
      id: newId('system', now),
      name,
      displayName: input.displayName ?? name,
      systemOwner: (await holdSystemOwner(tx, input.systemOwner ?? actor)).id,
      upstream,
      flow: { labels: classifySystem(upstream), by: 'heuristic' },
      operations,
      state: 'active',
      revision: 1,
      createdAt: instant(now),
    };
    await storeSystem(tx, system);
    if (credential !== undefined) await putSystemCredential(tx, house.sealer, system.id, credential);
    await record(tx, house.clock, {
      type: 'system.added',
      actor,
      about: system.id,
      data: {
        name,
        upstream: describeUpstream(upstream),
        operations: operations.length,
        credentialPlace: credential === undefined ? null : `${credential.place.kind} ${credential.place.name}`,
      },
    });
    await announce(tx, [{ what: 'changed', key: system.id }]);
    return viewSystem(tx, system);
  });
}

async function holdSystemOwner(tx: Tx, ref: string): Promise<Human> {
  const id = await resolveOf(tx, 'human', ref);
  const [owner] = await holdHumans(tx, [id]);
  if (owner?.state !== 'active') throw new Fault('human.not_active');
  return owner;
}
