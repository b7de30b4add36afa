import { Fault } from '#kernel/fault';

/** Lets heavy work happen one after the other, in a process that has calls to decide meanwhile. */
export type Turns = { take<Result>(work: () => Promise<Result>): Promise<Result> };

/** At most `max` wait at a time: fault `service.overloaded` for one more. */
export function openTurns(max: number): Turns {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return {
    async take(work) {
      if (waiting > max) throw new Fault('service.overloaded', 'enough effects are being worked out');
      waiting += 1;
      const mine = last.catch(() => undefined).then(work);
      last = mine.catch(() => undefined);
      return mine.finally(() => (waiting -= 1));
    },
  };
}
