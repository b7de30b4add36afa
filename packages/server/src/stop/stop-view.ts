import { Stop, type StopReceipt } from '@surety/contract/stop';
import type { Db } from '#kernel/db';
import type { PrincipalFacts } from '#registry/principal-facts';
import { listStandings, type PointStanding, readDatabaseClock, type StopOrder } from './stop-store.ts';

export type StopViewRoom = {
  readonly db: Db;
  readonly facts: PrincipalFacts;
  /** How long an enforcement point may go on without news, in milliseconds; past it nothing passes there. */
  readonly leaseMs: number;
};

/**
 * A stop with what each enforcement point said. One that does not answer is `waiting` while its lease may still hold,
 * and `closed` once it cannot: it was not heard of for longer than the lease, so nothing passes there.
 */
export async function viewStop({ db, facts, leaseMs }: StopViewRoom, stop: StopOrder): Promise<Stop> {
  const [agent, orderer, standings, now] = await Promise.all([
    facts.agent(stop.agent),
    facts.human(stop.orderedBy),
    listStandings(db, stop, 2 * leaseMs),
    readDatabaseClock(db),
  ]);
  return Stop.parse({
    id: stop.id,
    agent: stop.agent,
    agentName: agent?.name ?? stop.agent,
    reason: stop.reason,
    orderedBy: stop.orderedBy,
    orderedByName: orderer?.displayName ?? stop.orderedBy,
    orderedAt: stop.orderedAt.toISOString(),
    liftedAt: stop.liftedAt?.toISOString() ?? null,
    receipts: standings.map((one) => receiptOf(one, { stop, leaseMs, now })),
    tasksEnded: stop.tasksEnded,
    tokensEnded: stop.tokensEnded,
    callsCut: standings.reduce((sum, one) => sum + one.callsCut, 0),
  });
}

/** A point polls four times a lease, so one that was not heard of for a whole lease has none any more. */
function receiptOf(one: PointStanding, at: { stop: StopOrder; leaseMs: number; now: Date }): StopReceipt {
  const about = { point: one.point, name: one.name };
  if (one.confirmedAt !== null) {
    const milliseconds = Math.max(0, one.confirmedAt.getTime() - at.stop.orderedAt.getTime());
    return { ...about, state: 'confirmed', milliseconds };
  }
  const silentMs = at.now.getTime() - one.seenAt.getTime();
  return { ...about, state: silentMs > at.leaseMs ? 'closed' : 'waiting', milliseconds: null };
}
