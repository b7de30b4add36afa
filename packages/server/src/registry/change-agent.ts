import { isDeepStrictEqual } from 'node:util';
import type { Agent, Autonomy, Manifest, RiskTier } from '@surety/contract/agent';
import { announce } from '#change/announce';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { record } from '#ledger/record';
import { lockAgent, saveAgent } from './agent-store.ts';
import { voidEnrolments } from './enrolment-store.ts';
import { resolveOf } from './find-principal.ts';
import { checkOwnership, type Ownership, withoutOwner } from './ownership.ts';
import { readAnswerable } from './read-answerable.ts';
import { describeAgent } from './register-agent.ts';
import type { RegistryHouse } from './registry-house.ts';

export type ChangeAgent = {
  readonly agent: string;
  readonly displayName?: string | undefined;
  readonly purpose?: string | undefined;
  readonly owner?: string | undefined;
  readonly deputies?: readonly string[] | undefined;
  readonly riskTier?: RiskTier | undefined;
  readonly autonomy?: Autonomy | undefined;
  readonly manifest?: Manifest | undefined;
};

/**
 * Changes what is said of an agent, or who answers for it. A new owner, and deputies that are named, are active people; a
 * deputy who becomes the owner is no deputy any more. With another owner everything that was issued to it before is dead at
 * once, its open codes and its mandate are void, and people are asked anew: the new owner has to give it a mandate. Nothing
 * changes of one that has retired (`agent.move_refused`).
 * Faults `agent.not_found`, `human.not_found`, `human.not_active`, `request.malformed`.
 */
export async function changeAgent(house: RegistryHouse, actor: string, input: ChangeAgent): Promise<Agent> {
  return house.db.transaction(async (tx) => {
    const before = await lockAgent(tx, await resolveOf(tx, 'agent', input.agent));
    if (before.state === 'retired') throw new Fault('agent.move_refused', 'a retired agent stays as it is');
    const after = changedBy(before, input, await newOwnership(tx, before, input));
    if (after === before) return before;
    await saveAgent(tx, after);
    await record(tx, house.clock, { type: 'agent.changed', actor, about: after.id, data: describeAgent(after) });
    const isHandedOver = after.owner !== before.owner;
    if (isHandedOver) await voidEnrolments(tx, after.id, new Date(house.clock()));
    const changed = { what: 'changed', key: after.id } as const;
    await announce(tx, isHandedOver ? [changed, { what: 'cutoff', key: after.id }] : [changed]);
    return after;
  });
}

async function newOwnership(tx: Tx, before: Agent, { owner, deputies }: ChangeAgent): Promise<Ownership> {
  if (owner === undefined && deputies === undefined) return before;
  const next = checkOwnership(await readAnswerable(tx, owner ?? before.owner, deputies ?? []));
  return deputies === undefined ? { ...next, deputies: withoutOwner(before.deputies, next.owner) } : next;
}

function changedBy(before: Agent, input: ChangeAgent, { owner, deputies }: Ownership): Agent {
  const after: Agent = {
    ...before,
    owner,
    deputies,
    displayName: input.displayName ?? before.displayName,
    purpose: input.purpose ?? before.purpose,
    riskTier: input.riskTier ?? before.riskTier,
    autonomy: input.autonomy ?? before.autonomy,
    manifest: input.manifest ?? before.manifest,
  };
  return isDeepStrictEqual(after, before) ? before : { ...after, revision: before.revision + 1 };
}
