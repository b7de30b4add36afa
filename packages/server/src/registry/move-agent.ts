import type { Agent, PrincipalState } from '@surety/contract/agent';
import { announce } from '#change/announce';
import type { Clock } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { record } from '#ledger/record';
import { lockAgent, saveAgent } from './agent-store.ts';
import { voidEnrolments } from './enrolment-store.ts';
import { resolveOf } from './find-principal.ts';
import { moveTo } from './lifecycle.ts';
import type { RegistryHouse } from './registry-house.ts';

export type MoveAgent = { readonly agent: string; readonly to: PrincipalState; readonly reason: string };

export type MoveHouse = RegistryHouse & {
  /** Whether a stop of this agent has not been lifted; then only lifting it lets the agent act again. */
  readonly isStopped?: (tx: Tx, agentId: string) => Promise<boolean>;
};

/**
 * Activates, suspends or retires an agent, by id or name. When it may no longer act, everything issued to it before is
 * dead at once and its open codes are void; activating it again brings nothing back. Faults `agent.not_found`,
 * `agent.move_refused`.
 */
export async function moveAgent(house: MoveHouse, actor: string, { agent, to, reason }: MoveAgent): Promise<Agent> {
  return house.db.transaction(async (tx) => {
    const before = await lockAgent(tx, await resolveOf(tx, 'agent', agent));
    if (before.state === 'suspended' && to === 'active' && (await house.isStopped?.(tx, before.id))) {
      throw new Fault('agent.move_refused', 'the agent was stopped; lift the stop');
    }
    const { agent: after, changes } = await moveAgentRecorded(tx, house.clock, { before, to, reason, actor });
    if (changes.length > 0) await announce(tx, changes);
    return after;
  });
}

/**
 * The same inside a transaction that does more, on an agent that is locked. Returns what to announce: nothing, when it is
 * there already.
 */
export async function moveAgentRecorded(
  tx: Tx,
  clock: Clock,
  move: { readonly before: Agent; readonly to: PrincipalState; readonly reason: string; readonly actor: string },
): Promise<{ agent: Agent; changes: Parameters<typeof announce>[1] }> {
  const { before, to, reason, actor } = move;
  const after = moveTo(before, to);
  if (after === before) return { agent: before, changes: [] };
  await saveAgent(tx, after);
  await record(tx, clock, { type: 'agent.moved', actor, about: after.id, data: { from: before.state, to, reason } });
  const changed = { what: 'changed', key: after.id } as const;
  if (to === 'active') return { agent: after, changes: [changed] };
  await voidEnrolments(tx, after.id, new Date(clock()));
  return { agent: after, changes: [changed, { what: 'cutoff', key: after.id }] };
}
