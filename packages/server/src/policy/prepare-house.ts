import { announce } from '#change/announce';
import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';
import { houseActor } from '#kernel/house-actor';
import { defaultOrganisationPolicy, defaultRoles } from './default-policy.ts';
import { findPolicy, lockPolicies } from './policy-store.ts';
import { addPolicyRecorded } from './publish-policy.ts';
import { findRole } from './role-store.ts';
import { addRoleRecorded } from './set-role.ts';

/**
 * Gives a new house its first policy and roles. Whatever is there stays as it is, so every node may call it at every
 * start: two that start together agree. Whether anything was missing.
 */
export async function prepareHouse(db: Db, clock: Clock): Promise<boolean> {
  return db.transaction(async (tx) => {
    await lockPolicies(tx);
    const changed: string[] = [];
    if ((await findPolicy(tx)) === undefined) {
      await addPolicyRecorded(tx, clock, { version: 1, text: defaultOrganisationPolicy, actor: houseActor });
      changed.push('policy');
    }
    for (const [name, document] of Object.entries(defaultRoles)) {
      if ((await findRole(tx, name)) !== undefined) continue;
      await addRoleRecorded(tx, clock, { name, revision: 1, document, actor: houseActor });
      changed.push(`role:${name}`);
    }
    if (changed.length > 0)
      await announce(
        tx,
        changed.map((key) => ({ what: 'changed' as const, key })),
      );
    return changed.length > 0;
  });
}
