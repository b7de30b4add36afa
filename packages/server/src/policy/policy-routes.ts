import * as contract from '@surety/contract/authority-routes';
import { type AnyAnswer, answer } from '#kernel/answer';
import { Fault } from '#kernel/fault';
import { findPolicy } from './policy-store.ts';
import { checkOrganisationPolicy } from './publish-policy.ts';
import { listRoles } from './role-store.ts';
import type { PolicyHouse } from './set-role.ts';

/** What changes policy is answered by the lab, which looks at the effect first. */
export function policyRoutes(room: PolicyHouse): readonly AnyAnswer[] {
  return [
    answer(contract.listRoles, async () => ({ items: await listRoles(room.db) })),
    answer(contract.getPolicy, async () => {
      const policy = await findPolicy(room.db);
      if (policy === undefined) throw new Fault('service.not_ready', 'the house has no organisation policy');
      return policy;
    }),
    answer(contract.checkPolicy, async (_caller, { text }) => ({ policies: checkOrganisationPolicy(text) })),
  ];
}
