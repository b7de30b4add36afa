import { getStop, liftStop as liftRoute, orderStop as orderRoute } from '@surety/contract/oversight-routes';
import { type AnyAnswer, answer } from '#kernel/answer';
import { liftStop } from './lift-stop.ts';
import { orderStop, type StopHouse } from './order-stop.ts';
import { getStopOrder } from './stop-store.ts';
import { type StopViewRoom, viewStop } from './stop-view.ts';

export function stopRoutes(room: StopHouse & StopViewRoom): readonly AnyAnswer[] {
  return [
    answer(orderRoute, async ({ principal }, input) => viewStop(room, await orderStop(room, principal, input))),
    answer(getStop, async (_caller, { stop }) => viewStop(room, await getStopOrder(room.db, stop))),
    answer(liftRoute, async ({ principal }, input) => viewStop(room, await liftStop(room, principal, input))),
  ];
}
