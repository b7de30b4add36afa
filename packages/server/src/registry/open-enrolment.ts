import type { PrincipalId } from '@surety/contract/id';
import { type Clock, instant } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { newId } from '#kernel/id';
import { record } from '#ledger/record';
import { addEnrolment } from './enrolment-store.ts';
import { getPrincipal } from './find-principal.ts';
import { mayEnrol } from './lifecycle.ts';
import { hashCode, newCode } from './one-time-code.ts';
import type { RegistryHouse } from './registry-house.ts';

export type OpenEnrolment = { readonly principal: string; readonly seconds: number };

export type OpenedEnrolment = { readonly principal: PrincipalId; readonly code: string; readonly expiresAt: string };

/**
 * Makes a single-use code with which a principal, by id or name, enrols a key within `seconds`. The code is returned here
 * and never again. Faults `human.not_found`, `workload.not_found`, `agent.not_found`; `human.not_active` or
 * `agent.move_refused` for one whose life is suspended or over.
 */
export async function openEnrolment(house: RegistryHouse, actor: string, input: OpenEnrolment): Promise<OpenedEnrolment> {
  return house.db.transaction(async (tx) => {
    const { kind, one } = await getPrincipal(tx, input.principal);
    if (!mayEnrol(one.state))
      throw new Fault(kind === 'human' ? 'human.not_active' : 'agent.move_refused', `${one.state} enrols no key`);
    const expiresAt = instant(house.clock() + input.seconds * 1000);
    const code = await addCode(tx, house.clock, { principal: one.id, about: one.id, expiresAt, actor });
    return { principal: one.id, code, expiresAt };
  });
}

/** Stores the hash of a new code and records that there is one. Returns the code. */
export async function addCode(
  tx: Tx,
  clock: Clock,
  input: { readonly principal: string | null; readonly about: string; readonly expiresAt: string; readonly actor: string },
): Promise<string> {
  const code = newCode();
  const id = newId('enrolment', clock());
  await addEnrolment(tx, { id, codeHash: hashCode(code), principal: input.principal, expiresAt: input.expiresAt });
  await record(tx, clock, {
    type: 'enrolment.opened',
    actor: input.actor,
    about: input.about,
    data: { enrolment: id, expiresAt: input.expiresAt },
  });
  return code;
}
