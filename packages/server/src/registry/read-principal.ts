import type { Agent, Credential } from '@surety/contract/agent';
import type { Human } from '@surety/contract/human';
import type { Tx } from '#kernel/db';
import { getAgent, listAgentsOf, listAgentsWithDeputy } from './agent-store.ts';
import { listCredentials, viewCredential } from './credential-store.ts';
import { resolveOf } from './find-principal.ts';
import { getHuman } from './human-store.ts';

/** A person by id or name, with the living agents they answer for and those they are a deputy of. Fault `human.not_found`. */
export async function readHuman(
  tx: Tx,
  ref: string,
): Promise<{ readonly human: Human; readonly answersFor: Agent[]; readonly deputyOf: Agent[] }> {
  const human = await getHuman(tx, await resolveOf(tx, 'human', ref));
  return { human, answersFor: await listAgentsOf(tx, human.id), deputyOf: await listAgentsWithDeputy(tx, human.id) };
}

/** An agent by id or name, with who answers for it and every key it ever had. Fault `agent.not_found`. */
export async function readAgent(
  tx: Tx,
  ref: string,
): Promise<{ readonly agent: Agent; readonly owner: Human; readonly credentials: Credential[] }> {
  const agent = await getAgent(tx, await resolveOf(tx, 'agent', ref));
  const credentials = await listCredentials(tx, agent.id);
  return { agent, owner: await getHuman(tx, agent.owner), credentials: credentials.map(viewCredential) };
}
