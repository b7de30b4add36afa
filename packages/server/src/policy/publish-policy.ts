import type { PolicyView } from '@surety/contract/authority-routes';
import { announce } from '#change/announce';
import { type Clock, instant } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { record } from '#ledger/record';
import { checkPolicies } from './check-policies.ts';
import { documentDigest } from './document-digest.ts';
import { addPolicyVersion, findPolicy, lockPolicies } from './policy-store.ts';
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
    const policy = await addPolicyRecorded(tx, house.clock, { version: (before?.version ?? 0) + 1, text, actor });
    await announce(tx, [{ what: 'changed', key: 'policy' }]);
    return policy;
  });
}

/** How many policies a text holds that could be published. Changes nothing. Fault `policy.invalid`, as when publishing. */
export function checkOrganisationPolicy(text: string): number {
  return checkPolicies(text, { path: '/text' }).policies.length;
}

export async function addPolicyRecorded(
  tx: Tx,
  clock: Clock,
  { version, text, actor }: { readonly version: number; readonly text: string; readonly actor: string },
): Promise<PolicyView> {
  const policy = { version, text, publishedBy: actor, publishedAt: instant(clock()) };
  await addPolicyVersion(tx, policy);
  await record(tx, clock, {
    type: 'policy.published',
    actor,
    about: 'policy',
    data: { version, documentDigest: documentDigest(text) },
  });
  return policy;
}
