import { announce } from '#change/announce';
import { houseActor } from '#kernel/house-actor';
import { lockExpiredCredentials } from '#registry/credential-store';
import { revokeCredentialRecorded } from '#registry/revoke-credential';
import type { Changes } from './end-match.ts';
import type { FederationHouse } from './federation-house.ts';

/** How long after the last word of its platform a copy may come back with a new one and the same key, in milliseconds. */
const graceMs = 3_600_000;

const maxEach = 200;

/**
 * Ends the keys of copies that have not come back. They prove nothing by then; this makes room and says so. Returns how
 * many.
 */
export async function endExpiredInstances(house: Pick<FederationHouse, 'db' | 'clock'>): Promise<number> {
  return house.db.transaction(async (tx) => {
    const expired = await lockExpiredCredentials(tx, new Date(house.clock() - graceMs), maxEach);
    const changes: Changes[number][] = [];
    for (const credential of expired)
      changes.push(...(await revokeCredentialRecorded(tx, house.clock, { credential, actor: houseActor })));
    if (changes.length > 0) await announce(tx, changes);
    return expired.length;
  });
}
