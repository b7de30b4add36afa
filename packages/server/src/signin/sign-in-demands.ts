import { lockSystem } from '#catalogue/system-store';
import type { SystemFacts } from '#catalogue/system-facts';
import { announce } from '#change/announce';
import { createFactCache } from '#change/fact-cache';
import type { Feed } from '#change/feed';
import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';
import { record } from '#ledger/record';
import { findDemand, removeDemand, saveDemand } from './sign-in-demand-store.ts';

/** What a resource demands of the sign-in of who is behind a call (RFC 9470). */
export type SignInDemands = {
  /** Within how many seconds the person must have signed in for a resource; null where it does not matter. */
  withinSecondsFor(audience: string): Promise<number | null>;
};

const max = 10_000;

/** The demands of protected systems, from memory where fresh. */
export function openSignInDemands({
  db,
  feed,
  systems,
  gatewayUrl,
}: {
  readonly db: Db;
  readonly feed: Feed;
  readonly systems: Pick<SystemFacts, 'byName'>;
  readonly gatewayUrl: string;
}): SignInDemands {
  const load = async (system: string) => ({ withinSeconds: await findDemand(db, system) });
  const demands = createFactCache({ feed, max, load, keysOf: (system) => [system] });
  const prefix = `${gatewayUrl}/mcp/`;
  return {
    withinSecondsFor: async (audience) => {
      if (!audience.startsWith(prefix)) return null;
      const system = await systems.byName(audience.slice(prefix.length));
      return system === undefined ? null : ((await demands.get(system.id))?.withinSeconds ?? null);
    },
  };
}

/**
 * Says how freshly people must have signed in for calls that are made for them on a system; null: it does not matter. Holds
 * for the next call, also of a task that is under way. Fault `system.not_found`.
 */
export async function setSignInDemand(
  { db, clock }: { readonly db: Db; readonly clock: Clock },
  actor: string,
  { system: ref, withinSeconds }: { readonly system: string; readonly withinSeconds: number | null },
): Promise<{ readonly system: string; readonly withinSeconds: number | null }> {
  return db.transaction(async (tx) => {
    const { id, name } = await lockSystem(tx, ref);
    if (withinSeconds === null) await removeDemand(tx, id);
    else await saveDemand(tx, { system: id, withinSeconds, by: actor, at: new Date(clock()) });
    await record(tx, clock, { type: 'system.sign_in_demanded', actor, about: id, data: { withinSeconds } });
    await announce(tx, [{ what: 'changed', key: id }]);
    return { system: name, withinSeconds };
  });
}
