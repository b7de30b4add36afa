import type { RoleDocument } from '@surety/contract/authority-routes';
import { createFactCache } from '#change/fact-cache';
import type { Feed } from '#change/feed';
import type { Db } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { findPolicy } from './policy-store.ts';
import { findRole } from './role-store.ts';

export type RoleFact = { readonly name: string; readonly revision: number; readonly document: RoleDocument };

/** The policies in force, from memory where it is fresh. */
export type PolicyFacts = {
  /** Fault `service.not_ready` when there is none: nothing can be decided then. */
  organisation(): Promise<{ readonly version: number; readonly text: string }>;
  /** Those of these roles that exist, in the order of the names. A role that does not exist gives no right. */
  roles(names: readonly string[]): Promise<readonly RoleFact[]>;
};

/** The most roles that are kept. */
const maxRoles = 2_000;

export function openPolicyFacts({ db, feed }: { readonly db: Db; readonly feed: Feed }): PolicyFacts {
  const policy = createFactCache({ feed, max: 1, load: () => findPolicy(db), keysOf: () => ['policy'] });
  const roles = createFactCache<RoleFact>({
    feed,
    max: maxRoles,
    load: (name) => findRole(db, name),
    keysOf: (name) => [`role:${name}`],
  });
  return {
    async organisation() {
      const found = await policy.get('policy');
      if (found === undefined) throw new Fault('service.not_ready', 'the house has no organisation policy');
      return { version: found.version, text: found.text };
    },
    async roles(names) {
      const found = await Promise.all(names.map((name) => roles.get(name)));
      return found.filter((role) => role !== undefined);
    },
  };
}
