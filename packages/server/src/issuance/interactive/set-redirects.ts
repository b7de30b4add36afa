import type { AgentId } from '@surety/contract/id';
import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { record } from '#ledger/record';
import { lockAgent } from '#registry/agent-store';
import { getPrincipal } from '#registry/find-principal';
import { saveRedirects } from './agent-redirect-store.ts';
import { isRedirectUri } from '#registry/redirect-uri';

/**
 * Says where a browser may be sent with a code for an agent; an empty list ends that people can be asked for consent on its
 * behalf. Faults `agent.not_found`, `redirect.refused`.
 */
export async function setRedirects(
  { db, clock }: { readonly db: Db; readonly clock: Clock },
  actor: string,
  { agent, redirects }: { readonly agent: string; readonly redirects: readonly string[] },
): Promise<{ readonly agent: AgentId; readonly redirects: string[] }> {
  const uris = [...new Set(redirects)].sort();
  if (!uris.every(isRedirectUri)) throw new Fault('redirect.refused');
  return db.transaction(async (tx) => {
    const { kind, one } = await getPrincipal(tx, agent);
    if (kind !== 'agent') throw new Fault('agent.not_found', agent);
    const { id } = await lockAgent(tx, one.id);
    await saveRedirects(tx, id, uris);
    await record(tx, clock, { type: 'agent.redirects_set', actor, about: id, data: { redirects: uris } });
    return { agent: id, redirects: uris };
  });
}
