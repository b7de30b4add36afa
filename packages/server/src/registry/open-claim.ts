import { instant } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { houseActor } from '#kernel/house-actor';
import { voidEnrolments } from './enrolment-store.ts';
import { countHumans } from './human-store.ts';
import { addCode } from './open-enrolment.ts';
import type { RegistryHouse } from './registry-house.ts';

/** How long a code for the claim of a new server is good, in seconds. */
export const claimSeconds = 900;

/**
 * Makes the single-use code with which the first person takes ownership of a new server, for whoever can start the
 * server or run a command beside it. Any code made before is void. Fault `claim.done` when the server has an owner.
 */
export async function openClaim(house: RegistryHouse): Promise<{ readonly code: string; readonly expiresAt: string }> {
  return house.db.transaction(async (tx) => {
    await lockClaim(tx);
    if ((await countHumans(tx)) > 0) throw new Fault('claim.done');
    await voidEnrolments(tx, null, new Date(house.clock()));
    const expiresAt = instant(house.clock() + claimSeconds * 1000);
    const code = await addCode(tx, house.clock, { principal: null, about: houseActor, expiresAt, actor: houseActor });
    return { code, expiresAt };
  });
}

/** One claim, or opening of one, at a time, on every node. */
export async function lockClaim(tx: Tx): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('surety claim', 0))`);
}
