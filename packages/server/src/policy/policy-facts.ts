import type { PolicyView, RoleDocument } from '@surety/contract/authority-routes';
import { createFactCache } from '#change/fact-cache';
import type { Feed } from '#change/feed';
import type { Db } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { findStage, type PolicyStage } from './policy-stage-store.ts';
import { findPolicy, findPolicyVersion } from './policy-store.ts';
import { findRole } from './role-store.ts';

export type RoleFact = { readonly name: string; readonly revision: number; readonly document: RoleDocument };

export type PolicyFact = Pick<PolicyView, 'version' | 'text' | 'rules'>;

/** What is in force for everyone, and what is for some agents first (`policyFor`). */
export type PublishedPolicy = PolicyFact & { readonly staged?: PolicyFact & { readonly stage: PolicyStage } };

/** The policies in force, from memory where it is fresh. */
export type PolicyFacts = {
  /** Fault `service.not_ready` when there is none: nothing can be decided then. */
  organisation(): Promise<PublishedPolicy>;
  /** Those of these roles that exist, in the order of the names. A role that does not exist gives no right. */
  roles(names: readonly string[]): Promise<readonly RoleFact[]>;
};

/** The most roles that are kept. */
const maxRoles = 2_000;

export function openPolicyFacts({ db, feed }: { readonly db: Db; readonly feed: Feed }): PolicyFacts {
  const policy = createFactCache({ feed, max: 1, load: () => loadPublished(db), keysOf: () => ['policy'] });
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
      return found;
    },
    async roles(names) {
      const found = await Promise.all(names.map((name) => roles.get(name)));
      return found.filter((role) => role !== undefined);
    },
  };
}

/** Read one after the other: what is changed between the two is announced, and read again. */
async function loadPublished(db: Db): Promise<PublishedPolicy | undefined> {
  const policy = await findPolicy(db);
  const stage = await findStage(db);
  if (policy === undefined || stage === undefined || stage.version < policy.version) return policy && toFact(policy);
  const staged = await findPolicyVersion(db, stage.version);
  return { ...toFact(policy), ...(staged === undefined ? {} : { staged: { ...toFact(staged), stage } }) };
}

function toFact({ version, text, rules }: PolicyView): PolicyFact {
  return { version, text, rules };
}
