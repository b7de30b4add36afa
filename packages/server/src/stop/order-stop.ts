import { announce } from '#change/announce';
import { recordEnded } from '#delegation/end-task';
import { countOpenTasksOf, endTasksOf } from '#delegation/task-store';
import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';
import { newId } from '#kernel/id';
import { countLiveTokens } from '#ledger/live-tokens';
import { record } from '#ledger/record';
import { lockAgent } from '#registry/agent-store';
import { resolveOf } from '#registry/find-principal';
import { moveAgentRecorded } from '#registry/move-agent';
import { addStop, readDatabaseClock, type StopOrder } from './stop-store.ts';

export type StopHouse = { readonly db: Db; readonly clock: Clock };

/**
 * The most tasks that end in the transaction of the stop. All that hangs from a stopped agent is refused and cut by the stop
 * itself; with more tasks than this it is not kept waiting until each is written down as ended, which comes right after.
 */
const tasksAtOnce = 500;

/**
 * Stops an agent and everything below it, in one transaction: the agent is suspended, its tasks and the tasks below them
 * end, and one numbered change carries it to every enforcement point, which refuses what is new, cuts what is in flight
 * and confirms (P2). Stopping a stopped agent gives a stop of its own: nobody has to know whether it was stopped before.
 */
export async function orderStop(
  house: StopHouse,
  actor: string,
  { agent, reason }: { agent: string; reason: string },
): Promise<StopOrder> {
  const { stop, isLeft } = await stopNow(house, actor, { agent, reason });
  if (isLeft) {
    await house.db.transaction(async (tx) => {
      const ended = await endTasksOf(tx, stop.agent);
      await announce(tx, await recordEnded(tx, house.clock, { ended, actor }));
    });
  }
  return stop;
}

/** `isLeft`: there are too many tasks to end them with it. */
async function stopNow(
  house: StopHouse,
  actor: string,
  { agent, reason }: { agent: string; reason: string },
): Promise<{ stop: StopOrder; isLeft: boolean }> {
  return house.db.transaction(async (tx) => {
    const before = await lockAgent(tx, await resolveOf(tx, 'agent', agent));
    const moved = await moveAgentRecorded(tx, house.clock, { before, to: 'suspended', reason, actor });
    const tasksEnded = await countOpenTasksOf(tx, before.id);
    const isLeft = tasksEnded > tasksAtOnce;
    const ended = isLeft ? [] : await endTasksOf(tx, before.id);
    const below = await recordEnded(tx, house.clock, { ended, actor });
    const tokensEnded = await countLiveTokens(tx, before.id, house.clock());
    const id = newId<string>('stop', house.clock());
    const counts = { tasksEnded, tokensEnded };
    await record(tx, house.clock, { type: 'stop.ordered', actor, about: before.id, data: { stop: id, reason, ...counts } });
    const orderedAt = await readDatabaseClock(tx);
    const last = await announce(tx, [
      ...moved.changes.filter(({ what }) => what === 'changed'),
      { what: 'stopped', key: before.id },
      ...below,
    ]);
    const stop = {
      id,
      agent: before.id,
      reason,
      orderedBy: actor,
      orderedAt,
      liftedAt: null,
      change: last - below.length,
      ...counts,
    };
    await addStop(tx, stop);
    return { stop, isLeft };
  });
}
