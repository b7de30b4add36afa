import * as contract from '@surety/contract/metering-routes';
import { type AnyAnswer, answer } from '#kernel/answer';
import { type Clock, instant } from '#kernel/clock';
import type { Db } from '#kernel/db';
import type { Meters } from './meters.ts';
import { type LimitedMandate, readUse } from './read-use.ts';
import { releaseAction } from './release-action.ts';

export type MeteringRoom = {
  readonly db: Db;
  readonly clock: Clock;
  readonly meters: Pick<Meters, 'total'>;
  /** A mandate by its id. Fault `mandate.not_found`. */
  readonly mandateOf: (id: string) => Promise<LimitedMandate>;
};

export function meteringRoutes(room: MeteringRoom): readonly AnyAnswer[] {
  return [
    answer(contract.getMandateUse, async (_caller, { mandate }) => {
      const nowMs = room.clock();
      return { items: await readUse(room, await room.mandateOf(mandate), nowMs), at: instant(nowMs) };
    }),
    answer(contract.releaseAction, ({ principal }, input) => releaseAction(room, principal, input)),
  ];
}
