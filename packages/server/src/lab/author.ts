import type { HumanId } from '@surety/contract/id';
import type { Caller } from '#kernel/answer';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { findHuman } from '#registry/human-store';
import { findWorkload } from '#registry/workload-store';

/**
 * The person who stands behind whoever changes policy: a person, or who answers for a workload. No agent changes what limits
 * agents: fault `access.denied`, whatever the house policy says.
 */
export async function personBehind(tx: Tx, { kind, principal }: Caller): Promise<HumanId> {
  const workload = kind === 'workload' ? await findWorkload(tx, principal) : undefined;
  const person = kind === 'human' ? principal : workload?.owner;
  const human = person === undefined ? undefined : await findHuman(tx, person);
  if (human?.state !== 'active') throw new Fault('access.denied', 'nobody who may change policy stands behind this');
  return human.id;
}
