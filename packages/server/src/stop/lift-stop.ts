import { announce } from '#change/announce';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { record } from '#ledger/record';
import { lockAgent } from '#registry/agent-store';
import { resolveOf } from '#registry/find-principal';
import { moveAgentRecorded } from '#registry/move-agent';
import type { StopHouse } from './order-stop.ts';
import { findOpenStop, liftStops, type StopOrder } from './stop-store.ts';

/**
 * Lets a stopped agent start again. Nothing it held before comes back: its tasks stay ended and tokens issued before the
 * stop stay dead. Fault `stop.not_found` when it is not stopped.
 */
export async function liftStop(
  house: StopHouse,
  actor: string,
  { agent, reason }: { agent: string; reason: string },
): Promise<StopOrder> {
  return house.db.transaction(async (tx) => {
    const before = await lockAgent(tx, await resolveOf(tx, 'agent', agent));
    const stop = await findOpenStop(tx, before.id);
    if (stop === undefined) throw new Fault('stop.not_found');
    const liftedAt = new Date(house.clock());
    await liftStops(tx, before.id, liftedAt);
    const moved = await moveAgentRecorded(tx, house.clock, { before, to: 'active', reason, actor });
    await record(tx, house.clock, { type: 'stop.lifted', actor, about: before.id, data: { stop: stop.id } });
    await announce(tx, moved.changes.length > 0 ? moved.changes : [{ what: 'changed', key: before.id }]);
    return { ...stop, liftedAt };
  });
}

/** Whether a stop of this agent stands; then only lifting it lets the agent act again. */
export async function isStopped(tx: Tx, agentId: string): Promise<boolean> {
  return (await findOpenStop(tx, agentId)) !== undefined;
}
