import type { ExactRecord } from '@surety/contract/exact-json';
import { argumentFacts } from './argument-facts.ts';
import type { AgentFacts, HumanFacts, OwnerFacts, SystemFacts, TaskFacts } from './call-facts.ts';
import { actionId, groupsOf } from './cedar-schema.ts';
import {
  CedarEntityRef,
  CedarExtension,
  type CedarRecord,
  type CedarValue,
  type EntityUid,
  toCedarArguments,
} from './cedar-value.ts';
import type { CedarEntity, PolicyRequest } from './policy-engine.ts';
import type { EntityNeed, PolicyNeeds } from './policy-needs.ts';

/** The facts of a call of which nothing is missing any more. */
export type KnownCall = {
  readonly nowMs: number;
  readonly agent: AgentFacts;
  readonly owner: OwnerFacts;
  readonly task: Pick<TaskFacts, 'trigger'>;
  /** The agents above, the root's first. */
  readonly chain: readonly { readonly task: Pick<TaskFacts, 'trigger'> }[];
  /** The human at the root. */
  readonly human: HumanFacts;
  readonly system: Pick<SystemFacts, 'name'>;
  readonly operation: { readonly name: string; readonly effect: string };
  readonly arguments: ExactRecord;
};

/** The call as a question to Cedar (`cedar-schema.ts`), with what one set of policies can look at and no more. */
export function callRequest(call: KnownCall, needs: PolicyNeeds): PolicyRequest {
  const action = { type: 'Action', id: actionId(call.system.name, call.operation.name) };
  const resource = { type: 'System', id: call.system.name };
  const entities: Readonly<Record<EntityNeed, () => readonly CedarEntity[]>> = {
    principal: () => principalEntities(call),
    action: () => [
      { uid: action, attributes: {}, parents: groupsOf(call.operation.effect).map((id): EntityUid => ({ type: 'Action', id })) },
    ],
    resource: () => [{ uid: resource, attributes: { name: call.system.name }, parents: [] }],
  };
  return {
    principal: { type: 'Agent', id: call.agent.id },
    action,
    resource,
    context: contextOf(call, needs),
    entities: [...needs.entities.flatMap((one) => entities[one]()), ...rootEntities(call, needs)],
  };
}

function principalEntities({ agent, owner }: KnownCall): readonly CedarEntity[] {
  const { id, name, riskTier, autonomy } = agent;
  const uid = { type: 'Agent', id };
  return [{ uid, attributes: { name, riskTier, autonomy, owner: humanRef(owner) }, parents: [] }, humanEntity(owner)];
}

/** The human at the root, once: for the caller at the root that is its own owner, who may be there already. */
function rootEntities({ human, owner }: KnownCall, { facts, entities }: PolicyNeeds): readonly CedarEntity[] {
  const isThere = human.id === owner.id && entities.includes('principal');
  return facts.includes('human') && !isThere ? [humanEntity(human)] : [];
}

function humanEntity({ id, name, roles, groups }: HumanFacts): CedarEntity {
  return { uid: { type: 'Human', id }, attributes: { name, roles, groups }, parents: [] };
}

function humanRef({ id }: HumanFacts): CedarEntityRef {
  return new CedarEntityRef({ type: 'Human', id });
}

function contextOf({ nowMs, task, chain, human, operation, arguments: args }: KnownCall, needs: PolicyNeeds): CedarRecord {
  // Each only when it is needed: most questions look at one or two.
  const plain: Readonly<Record<string, () => CedarValue>> = {
    now: () => CedarExtension.datetime(nowMs),
    operation: () => operation.name,
    effect: () => operation.effect,
    trigger: () => (chain[0]?.task ?? task).trigger,
    human: () => humanRef(human),
    depth: () => BigInt(chain.length),
  };
  const facts: Record<string, CedarValue> = {
    at: needs.pointers.length === 0 ? {} : argumentFacts(args, needs.pointers),
    hours: Object.fromEntries(needs.hours.map(({ key, isOpen }) => [key, isOpen(nowMs)])),
  };
  for (const name of needs.facts) {
    const fact = plain[name];
    if (fact !== undefined) facts[name] = fact();
  }
  return { args: toCedarArguments(args, needs.args), facts };
}
