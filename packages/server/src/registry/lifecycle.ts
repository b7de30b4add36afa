import type { PrincipalState } from '@surety/contract/agent';
import type { HumanState } from '@surety/contract/human';
import { Fault } from '#kernel/fault';

/** The life of an agent or a workload, whole, on one screen. What is not in the table cannot happen. */
const principalLife: Readonly<Record<PrincipalState, readonly PrincipalState[]>> = {
  draft: ['active', 'retired'],
  active: ['suspended', 'retired'],
  suspended: ['active', 'retired'],
  retired: [],
};

/** The life of a person here. One who left may come back, without any key held before. */
const humanLife: Readonly<Record<HumanState, readonly HumanState[]>> = {
  active: ['suspended', 'left'],
  suspended: ['active', 'left'],
  left: ['active'],
};

/** The states in which a key may be enrolled: before a life begins, and while it lasts. */
const enrolling: readonly (PrincipalState | HumanState)[] = ['draft', 'active'];

export function mayMove(from: PrincipalState, to: PrincipalState): boolean {
  return principalLife[from].includes(to);
}

/**
 * Moves an agent or workload. Returns the same object when it is there already, so that callers can tell "done" from
 * "nothing to do". Fault `agent.move_refused` for a move that is not in the table.
 */
export function moveTo<Kind extends { readonly state: PrincipalState; readonly revision: number }>(
  one: Kind,
  to: PrincipalState,
): Kind {
  if (one.state === to) return one;
  if (!mayMove(one.state, to)) throw new Fault('agent.move_refused', `${one.state} cannot become ${to}`);
  return { ...one, state: to, revision: one.revision + 1 };
}

/** The state of a person after a change. Fault `human.not_active` for a move that is not in the table. */
export function moveHumanTo(from: HumanState, to: HumanState): HumanState {
  if (from !== to && !humanLife[from].includes(to)) throw new Fault('human.not_active', `${from} cannot become ${to}`);
  return to;
}

export function mayEnrol(state: PrincipalState | HumanState): boolean {
  return enrolling.includes(state);
}
