import type { PartnerClient } from '@surety/contract/federation';
import type { AgentId } from '@surety/contract/id';
import { announce } from '#change/announce';
import { instant } from '#kernel/clock';
import { newId } from '#kernel/id';
import { record } from '#ledger/record';
import { resolveOf } from '#registry/find-principal';
import type { FederationHouse } from './federation-house.ts';
import { addPartnerClientRow, lockPartnerClient, savePartnerClient } from './partner-client-store.ts';

type IntroduceAgent = { readonly audience: string; readonly agent: string; readonly clientId: string };

/**
 * Says what an agent is called by the authorization server of a partner. Only then does it get an ID-JAG for there: what
 * it is called comes from here, never from a request. Faults `agent.not_found`, `name.taken`.
 */
export async function introduceAgent(
  house: Pick<FederationHouse, 'db' | 'clock'>,
  actor: string,
  { audience, agent, clientId }: IntroduceAgent,
): Promise<PartnerClient> {
  return house.db.transaction(async (tx) => {
    const now = house.clock();
    const partner: PartnerClient = {
      id: newId('partnerClient', now),
      audience,
      agent: (await resolveOf(tx, 'agent', agent)) as AgentId,
      clientId,
      state: 'active',
      createdAt: instant(now),
    };
    await addPartnerClientRow(tx, partner);
    const data = { partner: partner.id, audience, clientId };
    await record(tx, house.clock, { type: 'partner.introduced', actor, about: partner.agent, data });
    await announce(tx, [{ what: 'changed', key: partner.agent }]);
    return partner;
  });
}

/** Vouches for an agent at a partner no more. Doing it again changes nothing. Fault `issuer.not_found`. */
export async function withdrawAgent(
  house: Pick<FederationHouse, 'db' | 'clock'>,
  actor: string,
  { partner: id }: { readonly partner: string },
): Promise<PartnerClient> {
  return house.db.transaction(async (tx) => {
    const before = await lockPartnerClient(tx, id);
    if (before.state === 'removed') return before;
    const after: PartnerClient = { ...before, state: 'removed' };
    await savePartnerClient(tx, after);
    const data = { partner: after.id, audience: after.audience };
    await record(tx, house.clock, { type: 'partner.removed', actor, about: after.agent, data });
    await announce(tx, [{ what: 'changed', key: after.agent }]);
    return after;
  });
}
