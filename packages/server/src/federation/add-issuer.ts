import type { AssertionAlg, IssuerKind, KeyPlace, TrustedIssuer } from '@surety/contract/federation';
import type { HumanId } from '@surety/contract/id';
import { announce } from '#change/announce';
import { instant } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { newId } from '#kernel/id';
import { record } from '#ledger/record';
import { resolveOf } from '#registry/find-principal';
import { holdHumans } from '#registry/human-store';
import type { FederationHouse } from './federation-house.ts';
import { addIssuerRow } from './issuer-store.ts';
import { checkIssuer, kindRules, receivedKinds } from './issuer.ts';

export type AddIssuer = {
  readonly name: string;
  readonly kind: IssuerKind;
  readonly issuer: string;
  readonly keys: KeyPlace;
  readonly algs?: readonly AssertionAlg[] | undefined;
  readonly maxLifetimeSeconds?: number | undefined;
  readonly isInternal: boolean;
  /** Id or name. An agent platform has one: who answers at first for agents that nobody has seen before. */
  readonly receiver?: string | undefined;
};

/**
 * Trusts an issuer: from now on its word about its workloads is taken, for those that a match names. Faults `name.taken`,
 * `issuer.refused`, `human.not_found`, `human.not_active`.
 */
export async function addIssuer(house: FederationHouse, actor: string, input: AddIssuer): Promise<TrustedIssuer> {
  const { kind, keys } = input;
  const algs = input.algs ?? kindRules[kind].algs;
  checkIssuer({ kind, issuer: input.issuer, keys, algs }, { ours: house.issuer, allowLoopback: house.allowLoopback });
  if (receivedKinds.has(kind) !== (input.receiver !== undefined)) {
    const message = 'an agent platform, and a host of documents, has a person who receives its agents; no other kind does';
    throw new Fault('issuer.refused', undefined, { issues: [{ path: '/receiver', message }] });
  }
  return house.db.transaction(async (tx) => {
    const now = house.clock();
    const issuer: TrustedIssuer = {
      id: newId('issuer', now),
      name: input.name,
      kind,
      issuer: input.issuer,
      keys,
      algs: [...algs],
      maxLifetimeSeconds: input.maxLifetimeSeconds ?? kindRules[kind].maxLifetimeSeconds,
      isInternal: input.isInternal,
      receiver: input.receiver === undefined ? null : await holdReceiver(tx, input.receiver),
      state: 'active',
      createdAt: instant(now),
    };
    await addIssuerRow(tx, issuer);
    await record(tx, house.clock, {
      type: 'issuer.trusted',
      actor,
      about: issuer.id,
      data: { name: issuer.name, kind, issuer: issuer.issuer, algs: issuer.algs, keysFrom: 'url' in keys ? keys.url : keys.from },
    });
    await announce(tx, [{ what: 'changed', key: issuer.id }]);
    return issuer;
  });
}

/** The person who receives agents, by id or name, held until the transaction ends. */
export async function holdReceiver(tx: Tx, ref: string): Promise<HumanId> {
  const [human] = await holdHumans(tx, [await resolveOf(tx, 'human', ref)]);
  if (human?.state !== 'active') throw new Fault('human.not_active');
  return human.id;
}
