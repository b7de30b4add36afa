import type { PolicyView } from '@surety/contract/authority-routes';
import type { HistoryRule } from '@surety/contract/history';
import { announce } from '#change/announce';
import { Fault } from '#kernel/fault';
import { documentDigest } from './document-digest.ts';
import { findPolicy, lockPolicies, nextPolicyVersion } from './policy-store.ts';
import { addPolicyRecorded } from './publish-policy.ts';
import type { PolicyHouse } from './set-role.ts';

/**
 * Publishes the organisation's rules about what happened before as a new version of its policy, whose text stays as it is. In
 * force at once on every node; the same rules again change nothing.
 */
export async function publishRules(
  house: PolicyHouse,
  actor: string,
  { rules }: { readonly rules: readonly HistoryRule[] },
): Promise<PolicyView> {
  return house.db.transaction(async (tx) => {
    await lockPolicies(tx);
    const before = await findPolicy(tx);
    if (before === undefined) throw new Fault('service.not_ready', 'the house has no organisation policy');
    if (documentDigest(before.rules ?? []) === documentDigest(rules)) return before;
    const version = await nextPolicyVersion(tx);
    const policy = await addPolicyRecorded(tx, house.clock, { version, text: before.text, rules, actor });
    await announce(tx, [{ what: 'changed', key: 'policy' }]);
    return policy;
  });
}
