import type { HumanId } from '@surety/contract/id';
import { PolicyChange } from '@surety/contract/lab';
import { openCedar } from '@surety/decision/cedar-engine';
import { type Guarded, guarded, refundAgent } from '#enforcement/testing/guarded';
import { intendedEntry } from '#enforcement/call-entries';
import type { Caller } from '#kernel/answer';
import { newId } from '#kernel/id';
import type { LabRoom } from '../lab-room.ts';
import { openTurns } from '../turns.ts';

/** A guard's house with a lab over it: people who may change policy, and an agent whose calls are recorded. */
export async function labHouse() {
  const house = await guarded();
  const { db, clock, sealer, authority, meters } = house;
  const lab: LabRoom = { db, clock, sealer, authority, meters, engine: openCedar(), turns: openTurns(100) };
  return { ...house, lab, upToDate: () => upToDate(house) };
}

export type LabHouse = Awaited<ReturnType<typeof labHouse>>;

async function upToDate({ db, feed }: Pick<Guarded, 'db' | 'feed'>): Promise<void> {
  const { rows } = await db.query<{ newest: number }>('select coalesce(max(number), 0) as newest from change');
  await feed.waitFor(rows[0]?.newest ?? 0, 5000);
}

export function as(human: { readonly id: HumanId }): Caller {
  return { principal: human.id, kind: 'human', credential: 'crd_x' };
}

/** An agent, and calls of it as the guard records them. */
export async function recordedAgent(house: LabHouse) {
  const one = await refundAgent(house);
  const wait = { holdMs: 0, signal: new AbortController().signal };
  return {
    ...one,
    /** Asks for one call, and says what came of it. */
    call: (args: object, operation = 'refund') =>
      house.guard.begin(one.caller(), one.call(JSON.stringify(args), operation), wait),
    /** A call as the guard understands it. */
    call1: (amount: number) => one.call(JSON.stringify({ amount })),
    /** What the decision point says of a call now, without recording it. */
    decided: async (args: object, operation = 'refund') =>
      (await house.decider.decide(one.caller(), one.call(JSON.stringify(args), operation))).decision,
    /** Records that one call went out so many times, without asking each time. */
    repeat: async (args: object, times: number) => {
      const caller = one.caller();
      const call = one.call(JSON.stringify(args));
      const judged = await house.decider.decide(caller, call);
      for (let left = times; left > 0; left -= 500) {
        const units = Array.from({ length: Math.min(left, 500) }, () => {
          const action = newId<string>('action', house.clock());
          const { clock, sealer, point } = house;
          return {
            entries: [intendedEntry({ clock, sealer, point: point.id }, { caller, call, judged, action, approval: null })],
            spends: [],
          };
        });
        await Promise.all(units.map((unit) => house.queue.commit(unit)));
      }
    },
  };
}

export const start = '@id("start") permit (principal is Agent, action, resource);';

/** A change of the policy, with or without tests. */
export function policyOf(text: string, tests: object[] = []): PolicyChange {
  return PolicyChange.parse({ policy: { text }, tests });
}
