import type { Agent, Autonomy, Manifest, RiskTier } from '@surety/contract/agent';
import { type Clock, instant } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { newId } from '#kernel/id';
import { record } from '#ledger/record';
import { addAgent } from './agent-store.ts';
import { manifestDigest } from './manifest-digest.ts';
import { checkOwnership } from './ownership.ts';
import { readAnswerable } from './read-answerable.ts';
import type { RegistryHouse } from './registry-house.ts';

export type RegisterAgent = {
  readonly name: string;
  readonly displayName: string;
  readonly purpose: string;
  /** Id or name of the person who answers for it. */
  readonly owner: string;
  readonly deputies: readonly string[];
  readonly riskTier: RiskTier;
  readonly autonomy: Autonomy;
  readonly manifest: Manifest;
};

/**
 * Registers an agent, as a draft: it gets nothing until it is activated. Its owner and deputies are active people.
 * Faults `name.taken`, `human.not_found`, `human.not_active`, `request.malformed` for a deputy who is named twice.
 */
export async function registerAgent(house: RegistryHouse, actor: string, input: RegisterAgent): Promise<Agent> {
  return house.db.transaction((tx) => registerAgentRecorded(tx, house.clock, { ...input, actor }));
}

/** The same inside a transaction that does more. */
export async function registerAgentRecorded(
  tx: Tx,
  clock: Clock,
  { actor, ...input }: RegisterAgent & { readonly actor: string },
): Promise<Agent> {
  const now = clock();
  const { name, displayName, purpose, riskTier, autonomy, manifest } = input;
  const ownership = checkOwnership(await readAnswerable(tx, input.owner, input.deputies));
  const agent: Agent = {
    id: newId('agent', now),
    name,
    displayName,
    purpose,
    ...ownership,
    riskTier,
    autonomy,
    manifest,
    state: 'draft',
    revision: 1,
    createdAt: instant(now),
  };
  await addAgent(tx, agent);
  await record(tx, clock, { type: 'agent.registered', actor, about: agent.id, data: describeAgent(agent) });
  return agent;
}

/** What the ledger says of an agent: who answers for it, how far it may go, and what it is made of. */
export function describeAgent({ owner, deputies, riskTier, autonomy, manifest }: Agent) {
  return { owner, deputies, riskTier, autonomy, manifestDigest: manifestDigest(manifest) };
}
