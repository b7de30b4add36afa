import type { Credential } from '@surety/contract/agent';
import type { Human } from '@surety/contract/human';
import { announce } from '#change/announce';
import { Fault } from '#kernel/fault';
import { record } from '#ledger/record';
import { addHumanRecorded, newHuman } from './add-human.ts';
import { viewCredential } from './credential-store.ts';
import { addKey } from './enrol-key.ts';
import { useEnrolment } from './enrolment-store.ts';
import { countHumans } from './human-store.ts';
import { hashCode } from './one-time-code.ts';
import { lockClaim } from './open-claim.ts';
import { administratorRole, type RegistryHouse } from './registry-house.ts';

/** The roles of the first person: enough to run the house alone until others are added. */
const firstRoles = [administratorRole, 'security', 'owner', 'approver'];

export type ClaimServer = {
  readonly code: string;
  readonly name: string;
  readonly displayName: string;
  readonly title: string;
  readonly jwk: unknown;
};

/**
 * Makes the first person, with their key, the administrator of a new server. Of any number of parallel claims one
 * succeeds. Faults `claim.done` when there is an owner, `claim.refused` for whatever is wrong with the code, `key.refused`.
 */
export async function claimServer(
  house: RegistryHouse,
  { code, jwk, ...person }: ClaimServer,
): Promise<{ readonly human: Human; readonly credential: Credential }> {
  return house.db.transaction(async (tx) => {
    await lockClaim(tx);
    if ((await countHumans(tx)) > 0) throw new Fault('claim.done');
    const used = await useEnrolment(tx, hashCode(code), new Date(house.clock()));
    if (used === undefined || used.principal !== null) throw new Fault('claim.refused');
    const human = newHuman({ ...person, groups: [], roles: firstRoles }, house.clock());
    await addHumanRecorded(tx, house, { human, actor: human.id });
    const credential = await addKey(tx, house.clock, { principal: human.id, jwk, label: 'first key' });
    await record(tx, house.clock, { type: 'server.claimed', actor: human.id, about: human.id, data: { jkt: credential.jkt } });
    await announce(tx, [{ what: 'changed', key: human.id }]);
    return { human, credential: viewCredential(credential) };
  });
}
