import type { ExactRecord } from '@surety/contract/exact-json';
import { argumentFacts } from './argument-facts.ts';
import type { AgentFacts, OwnerFacts, SystemFacts, TaskFacts } from './call-facts.ts';
import { actionId, groupsOf } from './cedar-schema.ts';
import { CedarEntityRef, CedarExtension, type CedarRecord, type EntityUid, toCedarArguments } from './cedar-value.ts';
import type { CedarEntity, PolicyRequest } from './policy-engine.ts';
import type { EntityNeed, PolicyNeeds } from './policy-needs.ts';

/** The facts of a call of which nothing is missing any more. */
export type KnownCall = {
  readonly nowMs: number;
  readonly agent: AgentFacts;
  readonly owner: OwnerFacts;
  readonly task: Pick<TaskFacts, 'trigger'>;
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
    entities: needs.entities.flatMap((one) => entities[one]()),
  };
}

function principalEntities({ agent, owner }: KnownCall): readonly CedarEntity[] {
  const { id, name, riskTier, autonomy } = agent;
  const human = { type: 'Human', id: owner.id };
  return [
    { uid: { type: 'Agent', id }, attributes: { name, riskTier, autonomy, owner: new CedarEntityRef(human) }, parents: [] },
    { uid: human, attributes: { name: owner.name, roles: owner.roles, groups: owner.groups }, parents: [] },
  ];
}

function contextOf({ nowMs, task, operation, arguments: args }: KnownCall, needs: PolicyNeeds): CedarRecord {
  const plain: CedarRecord = {
    now: CedarExtension.datetime(nowMs),
    operation: operation.name,
    effect: operation.effect,
    trigger: task.trigger,
  };
  return {
    args: toCedarArguments(args, needs.args),
    facts: {
      ...Object.fromEntries(Object.entries(plain).filter(([name]) => needs.facts.includes(name))),
      at: argumentFacts(args, needs.pointers),
      hours: Object.fromEntries(needs.hours.map(({ key, isOpen }) => [key, isOpen(nowMs)])),
    },
  };
}
