import type { PolicyView } from '@surety/contract/authority-routes';
import type { HistoryRule } from '@surety/contract/history';
import { announce } from '#change/announce';
import { type Clock, instant } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { record } from '#ledger/record';
import { checkPolicies } from './check-policies.ts';
import { policyDigest } from './document-digest.ts';
import { addPolicyVersion, findPolicy, findPolicyVersion, lockPolicies, nextPolicyVersion } from './policy-store.ts';
import type { PolicyHouse } from './set-role.ts';

/**
 * Publishes the organisation's policy as a new version, in force at once on every node; the same text again changes
 * nothing. Fault `policy.invalid`, with where and why.
 */
export async function publishPolicy(house: PolicyHouse, actor: string, { text }: { readonly text: string }): Promise<PolicyView> {
  checkOrganisationPolicy(text);
  return house.db.transaction(async (tx) => {
    await lockPolicies(tx);
    const before = await findPolicy(tx);
    if (before?.text === text) return before;
    const policy = await addPolicyRecorded(tx, house.clock, { version: await nextPolicyVersion(tx), text, actor });
    await announce(tx, [{ what: 'changed', key: 'policy' }]);
    return policy;
  });
}

/** How many policies a text holds that could be published. Changes nothing. Fault `policy.invalid`, as when publishing. */
export function checkOrganisationPolicy(text: string): number {
  return checkPolicies(text, { path: '/text' }).policies.length;
}

/** Without `rules`, those in force stay. */
type NewPolicy = {
  readonly version: number;
  readonly text: string;
  readonly rules?: readonly HistoryRule[] | undefined;
  readonly actor: string;
};

export async function addPolicyRecorded(tx: Tx, clock: Clock, { version, text, rules, actor }: NewPolicy): Promise<PolicyView> {
  await addPolicyVersion(tx, { version, text, rules, publishedBy: actor, publishedAt: instant(clock()) });
  const policy = await findPolicyVersion(tx, version);
  if (policy === undefined) throw new Fault('internal', 'a policy that was published is not there');
  await record(tx, clock, {
    type: 'policy.published',
    actor,
    about: 'policy',
    data: { version, documentDigest: policyDigest(policy) },
  });
  return policy;
}
