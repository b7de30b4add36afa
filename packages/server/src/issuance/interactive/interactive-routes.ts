import * as contract from '@surety/contract/signin-routes';
import { type AnyAnswer, answer } from '#kernel/answer';
import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';
import { setRedirects } from './set-redirects.ts';

export function interactiveRoutes(room: { readonly db: Db; readonly clock: Clock }): readonly AnyAnswer[] {
  return [answer(contract.setRedirects, ({ principal }, input) => setRedirects(room, principal, input))];
}
