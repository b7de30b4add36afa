import type { HumanId } from '@surety/contract/id';
import { instant } from '#kernel/clock';
import { Fault } from '#kernel/fault';
import { newId } from '#kernel/id';
import { record } from '#ledger/record';
import { resolveOf } from './find-principal.ts';
import { holdHumans } from './human-store.ts';
import { hashCode, newCode } from './one-time-code.ts';
import { addRegistration } from './registration-store.ts';
import type { RegistryHouse } from './registry-house.ts';

/** `owner`: id or name of the person who answers for the draft that comes of it. */
export type OpenRegistration = { readonly owner: string; readonly seconds: number };

export type OpenedRegistration = { readonly owner: HumanId; readonly token: string; readonly expiresAt: string };

/**
 * Makes the initial access token with which one client registers itself (RFC 7591 §3), as a draft. It is returned here and
 * never again. Faults `human.not_found`, `human.not_active`.
 */
export async function openRegistration(
  house: RegistryHouse,
  actor: string,
  { owner: ref, seconds }: OpenRegistration,
): Promise<OpenedRegistration> {
  return house.db.transaction(async (tx) => {
    const [owner] = await holdHumans(tx, [await resolveOf(tx, 'human', ref)]);
    if (owner?.state !== 'active') throw new Fault('human.not_active');
    const [token, id] = [newCode(), newId<string>('registration', house.clock())];
    const expiresAt = instant(house.clock() + seconds * 1_000);
    await addRegistration(tx, { id, tokenHash: hashCode(token), owner: owner.id, openedBy: actor, expiresAt });
    const data = { registration: id, expiresAt };
    await record(tx, house.clock, { type: 'registration.opened', actor, about: owner.id, data });
    return { owner: owner.id, token, expiresAt };
  });
}
