import type { HumanId, PasskeyId } from '@surety/contract/id';
import type { Passkey as PasskeyView } from '@surety/contract/passkey';
import { announce } from '#change/announce';
import type { Clock } from '#kernel/clock';
import type { Db, Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { record, recordAll } from '#ledger/record';
import { resolveOf } from '#registry/find-principal';
import { getHuman } from '#registry/human-store';
import { endPasskey, findPasskey, listPasskeys, type Passkey } from './passkey-store.ts';
import { endSessionsOf } from './session-store.ts';

/** The passkeys with which a person, by id or name, can sign in. Fault `human.not_found`. */
export async function readPasskeys(tx: Tx, ref: string): Promise<PasskeyView[]> {
  const human = await getHuman(tx, await resolveOf(tx, 'human', ref));
  return (await listPasskeys(tx, human.id)).map(viewPasskey);
}

/**
 * Ends a passkey and every session that it opened. It is announced, so that an agreement by it that is about to become a
 * token does not. Final; doing it again changes nothing. Fault `passkey.not_found`.
 */
export async function revokePasskey(
  { db, clock }: { readonly db: Db; readonly clock: Clock },
  actor: string,
  { passkey: id }: { readonly passkey: string },
): Promise<PasskeyView> {
  return db.transaction(async (tx) => {
    const ended = await endPasskey(tx, id);
    if (ended === undefined) return viewPasskey((await findPasskey(tx, id)) ?? refuse());
    const sessions = await endSessionsOf(tx, id, new Date(clock()));
    const data = { passkey: id, sessions: sessions.length };
    await record(tx, clock, { type: 'passkey.revoked', actor, about: ended.human, data });
    await recordAll(
      tx,
      clock,
      sessions.map((session) => ({ type: 'session.ended', actor, about: session.id, data: { passkey: id } })),
    );
    await announce(tx, [
      { what: 'changed', key: id },
      { what: 'cutoff', key: id },
    ]);
    return viewPasskey(ended);
  });
}

function viewPasskey({ id, human, label, state, createdAt }: Passkey): PasskeyView {
  return { id: id as PasskeyId, human: human as HumanId, label, state, createdAt };
}

function refuse(): never {
  throw new Fault('passkey.not_found');
}
