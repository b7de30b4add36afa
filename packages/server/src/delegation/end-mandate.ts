import type { Mandate } from '@surety/contract/mandate';
import { announce } from '#change/announce';
import { record } from '#ledger/record';
import { lockAgent } from '#registry/agent-store';
import type { DelegationHouse } from './end-task.ts';
import { closeActiveMandate, getMandate, lockMandate } from './mandate-store.ts';
import { viewMandate } from './view-mandate.ts';

/** Ends a mandate now; the agent has none then. One that is over already stays as it is. Fault `mandate.not_found`. */
export async function endMandate(house: DelegationHouse, actor: string, input: { readonly mandate: string }): Promise<Mandate> {
  return house.db.transaction(async (tx) => {
    await lockAgent(tx, (await getMandate(tx, input.mandate)).agent);
    const before = await lockMandate(tx, input.mandate);
    if (before.state !== 'active') return viewMandate(tx, before);
    await closeActiveMandate(tx, before.agent, 'ended');
    await record(tx, house.clock, {
      type: 'mandate.ended',
      actor,
      about: before.id,
      data: { agent: before.agent, version: before.version },
    });
    await announce(tx, [{ what: 'changed', key: before.agent }]);
    return viewMandate(tx, { ...before, state: 'ended' });
  });
}
