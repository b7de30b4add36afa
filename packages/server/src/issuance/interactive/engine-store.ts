import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';
import { errors } from 'oidc-provider';
import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';
import { findItem, type Item, saveItem, takeItem } from './interaction-item-store.ts';

export type EngineHouse = {
  readonly db: Db;
  readonly clock: Clock;
  /** The agent as a client of the engine; undefined when nobody may be asked for consent on its behalf now. */
  readonly findClient: (id: string) => Promise<AdapterPayload | undefined>;
};

/**
 * How long what has expired is still known, so that a code that comes again is told from one that never was, in
 * milliseconds.
 */
export const keptMs = 600_000;

/**
 * Where the engine keeps what it must remember, in PostgreSQL. Clients are the agents of the registry and are never written.
 * What may be used once is taken away by one statement; the engine's own check would be find, then save.
 */
export function openEngineStore({ db, clock, findClient }: EngineHouse): AdapterFactory {
  return (model): Adapter => ({
    upsert: async (id, payload, seconds = 60) => {
      if (model === 'Client') throw new errors.InvalidRequest('clients are not registered here');
      await saveItem(db, { model, id, payload: payload as Item, expiresAt: new Date(clock() + seconds * 1_000 + keptMs) });
    },
    find: async (id) => (model === 'Client' ? findClient(id) : findItem(db, model, id)) as Promise<AdapterPayload | undefined>,
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
    consume: async (id) => {
      if (!(await takeItem(db, model, id))) throw new errors.InvalidRequest('used before');
    },
    destroy: async (id) => void (await takeItem(db, model, id)),
    revokeByGrantId: async () => undefined,
  });
}
