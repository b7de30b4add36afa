import type { AgentId } from '@surety/contract/id';
import { announce } from '#change/announce';
import { instant } from '#kernel/clock';
import { record } from '#ledger/record';
import { lockAgent } from '#registry/agent-store';
import { acceptManifestOf } from '#registry/credential-store';
import { resolveOf } from '#registry/find-principal';
import type { FederationHouse } from './federation-house.ts';
import { addAccepted } from './manifest-store.ts';

type AcceptManifest = { readonly agent: string; readonly digest: string };

/**
 * A person accepts what instances of an agent are made of: those that say so, now or later, act as far as the agent may.
 * Until then they only read. Fault `agent.not_found`.
 */
export async function acceptManifest(
  house: Pick<FederationHouse, 'db' | 'clock'>,
  actor: string,
  { agent: ref, digest }: AcceptManifest,
): Promise<{ agent: AgentId; digest: string; instances: number }> {
  return house.db.transaction(async (tx) => {
    const agent = await lockAgent(tx, await resolveOf(tx, 'agent', ref));
    await addAccepted(tx, { agent: agent.id, digest, acceptedBy: actor, acceptedAt: instant(house.clock()) });
    const freed = await acceptManifestOf(tx, agent.id, digest);
    const data = { manifestDigest: digest, instances: freed.length };
    await record(tx, house.clock, { type: 'manifest.accepted', actor, about: agent.id, data });
    await announce(
      tx,
      [agent.id, ...freed].map((key) => ({ what: 'changed' as const, key })),
    );
    return { agent: agent.id, digest, instances: freed.length };
  });
}
