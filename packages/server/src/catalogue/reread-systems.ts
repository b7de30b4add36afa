import { Fault } from '#kernel/fault';
import { houseActor } from '#kernel/house-actor';
import { errorFields, type Log } from '#kernel/log';
import type { CatalogueHouse } from './catalogue-house.ts';
import { refreshSystem } from './refresh-system.ts';
import { listSystems } from './system-store.ts';

/** How long after a reading a notice of the same system waits for the next one, in milliseconds. */
const restMs = 10_000;

/** Reads systems again by itself: each now and then, and one at once when a guard has seen that it changed. */
export type Rereading = {
  /** Has one system read again, unless it was a moment ago. Never throws. */
  reread(systemId: string): void;
  /** Reads every system again, one after the other. One that does not answer is left for the next time. */
  rereadAll(): Promise<void>;
  /** Waits for the readings that are under way. */
  close(): Promise<void>;
};

export function openRereading(house: CatalogueHouse, log: Log): Rereading {
  const readAt = new Map<string, number>();
  const underWay = new Set<Promise<void>>();
  const readOne = async (system: string): Promise<void> => {
    readAt.set(system, performance.now());
    try {
      await refreshSystem(house, houseActor, { system });
    } catch (thrown) {
      const isAway = thrown instanceof Fault && thrown.code.startsWith('system.');
      if (isAway) log.info({ system, code: thrown.code }, 'a system could not be read again');
      else log.warn({ system, ...errorFields(thrown) }, 'a system could not be read again');
    }
  };
  return {
    reread: (system) => {
      if (performance.now() - (readAt.get(system) ?? -Infinity) < restMs) return;
      const reading = readOne(system).finally(() => underWay.delete(reading));
      underWay.add(reading);
    },
    rereadAll: async () => {
      const systems = await listSystems(house.db);
      for (const id of readAt.keys()) if (!systems.some((one) => one.id === id)) readAt.delete(id);
      for (const { id } of systems) await readOne(id);
    },
    close: async () => {
      await Promise.all(underWay);
    },
  };
}
