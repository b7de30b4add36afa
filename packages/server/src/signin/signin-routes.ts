import * as contract from '@surety/contract/signin-routes';
import { type AnyAnswer, answer } from '#kernel/answer';
import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';
import { setSignInDemand } from './sign-in-demands.ts';
import { readPasskeys, revokePasskey } from './revoke-passkey.ts';

export function signinRoutes(room: { readonly db: Db; readonly clock: Clock }): readonly AnyAnswer[] {
  return [
    answer(contract.listPasskeys, async (_caller, { human }) => ({ items: await readPasskeys(room.db, human) })),
    answer(contract.setSignInDemand, ({ principal }, input) => setSignInDemand(room, principal, input)),
    answer(contract.revokePasskey, ({ principal }, input) => revokePasskey(room, principal, input)),
  ];
}
