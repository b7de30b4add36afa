import type { Mandate } from '@surety/contract/mandate';
import { announce } from '#change/announce';
import type { Tx } from '#kernel/db';
import { record } from '#ledger/record';
import { lockAgent } from '#registry/agent-store';
import { type DelegationHouse, recordEnded } from './end-task.ts';
import { closeActiveMandate, getMandate, lockMandate } from './mandate-store.ts';
import { countOpenTasksBelow, endTasksBelow } from './task-store.ts';
import { viewMandate } from './view-mandate.ts';

/**
 * The most tasks that end in the transaction of the mandate. With more below, nobody waits until each is written down as
 * ended: from the end of the mandate on their chains do not hold (`readChain`), and they are ended right after.
 */
const tasksAtOnce = 500;

/**
 * Ends a mandate now; the agent has none then. What it handed on ends with it, all the way down, with every token of it; its
 * own tasks stay, under which it may do nothing. One that is over already stays as it is. Fault `mandate.not_found`.
 */
export async function endMandate(house: DelegationHouse, actor: string, input: { readonly mandate: string }): Promise<Mandate> {
  const { mandate, hasEnded } = await endNow(house, actor, input.mandate);
  // Also what was handed on while it ended, and committed just before.
  if (hasEnded) {
    await house.db.transaction(async (tx) => {
      const below = await endBelow(tx, house, { agent: mandate.agent, actor });
      if (below.length > 0) await announce(tx, below);
    });
  }
  return mandate;
}

async function endBelow(tx: Tx, { clock }: DelegationHouse, { agent, actor }: { agent: string; actor: string }) {
  return recordEnded(tx, clock, { ended: await endTasksBelow(tx, agent), actor });
}

async function endNow(house: DelegationHouse, actor: string, id: string): Promise<{ mandate: Mandate; hasEnded: boolean }> {
  return house.db.transaction(async (tx) => {
    await lockAgent(tx, (await getMandate(tx, id)).agent);
    const before = await lockMandate(tx, id);
    if (before.state !== 'active') return { mandate: await viewMandate(tx, before), hasEnded: false };
    await closeActiveMandate(tx, before.agent, 'ended');
    await record(tx, house.clock, {
      type: 'mandate.ended',
      actor,
      about: before.id,
      data: { agent: before.agent, version: before.version },
    });
    const isMany = (await countOpenTasksBelow(tx, before.agent)) > tasksAtOnce;
    const below = isMany ? [] : await endBelow(tx, house, { agent: before.agent, actor });
    await announce(tx, [{ what: 'changed', key: before.agent }, ...below]);
    return { mandate: await viewMandate(tx, { ...before, state: 'ended' }), hasEnded: true };
  });
}
