import type { Agent, Autonomy } from '@surety/contract/agent';
import type { CredentialFact } from './credential-store.ts';

/**
 * How far one running copy of an agent may go: as far as the agent, unless the copy is made of something that the person
 * who answers for it has not accepted; then it only reads.
 */
export function instanceAutonomy({ autonomy }: Pick<Agent, 'autonomy'>, copy: CredentialFact | undefined): Autonomy {
  return copy?.manifest?.isAccepted === false ? 'observe' : autonomy;
}
