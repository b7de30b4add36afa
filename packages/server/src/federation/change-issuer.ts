import type { AssertionAlg, KeyPlace, TrustedIssuer } from '@surety/contract/federation';
import { announce } from '#change/announce';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { record } from '#ledger/record';
import { holdReceiver } from './add-issuer.ts';
import type { FederationHouse } from './federation-house.ts';
import { lockIssuer, saveIssuer } from './issuer-store.ts';
import { checkIssuer, receivedKinds } from './issuer.ts';

/** What is left out stays as it is. Kind and address stay for good: another of either is another issuer. */
export type ChangeIssuer = {
  readonly issuer: string;
  readonly keys?: KeyPlace | undefined;
  readonly algs?: readonly AssertionAlg[] | undefined;
  readonly maxLifetimeSeconds?: number | undefined;
  readonly isInternal?: boolean | undefined;
  readonly receiver?: string | undefined;
};

/**
 * Changes how an issuer that is trusted is read, in place: its matches and the agents that came by it stay. What it vouched for
 * before counts until that word ends; who wants it to end now removes the issuer. Faults `issuer.not_found`,
 * `issuer.refused`, `human.not_found`, `human.not_active`.
 */
export async function changeIssuer(house: FederationHouse, actor: string, input: ChangeIssuer): Promise<TrustedIssuer> {
  return house.db.transaction(async (tx) => {
    const before = await lockIssuer(tx, input.issuer);
    if (before.state !== 'active') throw new Fault('issuer.not_found', before.id);
    const after: TrustedIssuer = {
      ...before,
      keys: input.keys ?? before.keys,
      algs: [...(input.algs ?? before.algs)],
      maxLifetimeSeconds: input.maxLifetimeSeconds ?? before.maxLifetimeSeconds,
      isInternal: input.isInternal ?? before.isInternal,
      receiver: await newReceiver(tx, before, input.receiver),
    };
    checkIssuer(after, { ours: house.issuer, allowLoopback: house.allowLoopback });
    await saveIssuer(tx, after);
    const { algs, keys, maxLifetimeSeconds, isInternal, receiver } = after;
    const data = { algs, keysFrom: 'url' in keys ? keys.url : keys.from, maxLifetimeSeconds, isInternal, receiver };
    await record(tx, house.clock, { type: 'issuer.changed', actor, about: after.id, data });
    await announce(tx, [{ what: 'changed', key: after.id }]);
    return after;
  });
}

async function newReceiver(tx: Tx, { kind, receiver }: TrustedIssuer, ref: string | undefined) {
  if (ref === undefined) return receiver;
  if (receivedKinds.has(kind)) return holdReceiver(tx, ref);
  const issues = [{ path: '/receiver', message: 'an issuer of this kind names no agents that somebody receives' }];
  throw new Fault('issuer.refused', undefined, { issues });
}
