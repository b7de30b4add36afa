import { createHash } from 'node:crypto';
import type { PolicyFact, PublishedPolicy } from './policy-facts.ts';
import type { PolicyStage } from './policy-stage-store.ts';

/**
 * Whether a staged version is in force for an agent: by its id, by a group of its owner, or because the hash of its id is among
 * the first `percent` of a hundred. The same answer on every node and at every time; with a larger percentage, the same agents
 * and more.
 */
export function isStagedFor({ scope, salt }: PolicyStage, agent: string, ownerGroups: readonly string[]): boolean {
  const { agents, groups, percent } = scope;
  if (agents.some((id) => id === agent) || groups.some((group) => ownerGroups.includes(group))) return true;
  return percent > 0 && shareOf(salt, agent) * 100 < percent;
}

/** Where an agent stands between 0 and 1, 1 excluded. */
function shareOf(salt: string, agent: string): number {
  const digest = createHash('sha256').update(`${salt.length}|${salt}|${agent}`).digest();
  return digest.readUInt32BE(0) / 2 ** 32;
}

/** The version that is in force for one agent: what is decided and recorded is that one, whole. */
export function policyFor({ staged, ...everyone }: PublishedPolicy, agent: string, ownerGroups: readonly string[]): PolicyFact {
  return staged !== undefined && isStagedFor(staged.stage, agent, ownerGroups) ? staged : everyone;
}
