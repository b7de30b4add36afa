import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';
import { houseActor } from '#kernel/house-actor';
import { record } from '#ledger/record';
import { endStale } from './session-store.ts';
import { idleMs } from './signin-house.ts';

const maxEach = 500;

/**
 * Writes down that sessions are over which nobody signed out of: they were idle, came to their end, or their person or
 * passkey was ended. They open nothing from that moment on; this says so in the ledger. Returns how many.
 */
export async function endStaleSessions({ db, clock }: { readonly db: Db; readonly clock: Clock }): Promise<number> {
  return db.transaction(async (tx) => {
    const ended = await endStale(tx, { now: new Date(clock()), idleMs, limit: maxEach });
    for (const { id, passkey, why } of ended)
      await record(tx, clock, { type: 'session.ended', actor: houseActor, about: id, data: { passkey, why } });
    return ended.length;
  });
}
