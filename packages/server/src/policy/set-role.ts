import type { Role, RoleDocument } from '@surety/contract/authority-routes';
import { announce } from '#change/announce';
import { type Clock, instant } from '#kernel/clock';
import type { Db, Tx } from '#kernel/db';
import { record } from '#ledger/record';
import { checkPolicies } from './check-policies.ts';
import { documentDigest } from './document-digest.ts';
import { lockPolicies } from './policy-store.ts';
import { addRoleRevision, findRole } from './role-store.ts';

export type PolicyHouse = { readonly db: Db; readonly clock: Clock };

/**
 * Says what holders of a role may answer for and what they may ask agents to do, from now on, as a new revision; the same
 * document again changes nothing.
 * Fault `policy.invalid`, with where and why.
 */
export async function setRole(
  house: PolicyHouse,
  actor: string,
  { role: name, document }: { readonly role: string; readonly document: RoleDocument },
): Promise<Role> {
  checkPolicies(document.answersFor, { path: '/document/answersFor', holds: false });
  if (document.may !== undefined) checkPolicies(document.may, { path: '/document/may', holds: false });
  return house.db.transaction(async (tx) => {
    await lockPolicies(tx);
    const before = await findRole(tx, name);
    if (before !== undefined && documentDigest(before.document) === documentDigest(document)) return before;
    const role = await addRoleRecorded(tx, house.clock, { name, revision: (before?.revision ?? 0) + 1, document, actor });
    await announce(tx, [{ what: 'changed', key: `role:${name}` }]);
    return role;
  });
}

export async function addRoleRecorded(
  tx: Tx,
  clock: Clock,
  { actor, ...given }: Omit<Role, 'setAt'> & { readonly actor: string },
): Promise<Role> {
  const role = { ...given, setAt: instant(clock()) };
  await addRoleRevision(tx, role);
  await record(tx, clock, {
    type: 'role.set',
    actor,
    about: `role:${role.name}`,
    data: { documentDigest: documentDigest(role.document) },
  });
  return role;
}
