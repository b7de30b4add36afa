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
import { fromFacts, labelFacts } from './flow/cedar-flow.ts';
import type { FlowFacts } from './flow/flow-facts.ts';
import type { CedarEntity, PolicyRequest } from './policy-engine.ts';
import { type EntityNeed, noNeeds, type PolicyNeeds } from './policy-needs.ts';

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
  readonly flow?: FlowFacts | undefined;
};

/** The call as a question to Cedar (`cedar-schema.ts`), with what one set of policies can look at and no more. */
export function callRequest(call: KnownCall, needs: PolicyNeeds, names: CallNames = nameCall(call)): PolicyRequest {
  const { principal, action, resource } = names;
  return { principal, action, resource, context: contextOf(call, needs), entities: entitiesOf(call, needs, names) };
}

/** Who does what to what. */
export type CallNames = Readonly<Record<EntityNeed, EntityUid>>;

/** The names of a call: the same objects for every set that is asked about it, so that they are converted once. */
export function nameCall({ agent, system, operation }: Pick<KnownCall, 'agent' | 'system' | 'operation'>): CallNames {
  return {
    principal: { type: 'Agent', id: agent.id },
    action: { type: 'Action', id: actionId(system.name, operation.name) },
    resource: { type: 'System', id: system.name },
  };
}

const noEntities: readonly CedarEntity[] = [];

function entitiesOf(call: KnownCall, needs: PolicyNeeds, names: CallNames): readonly CedarEntity[] {
  if (needs.entities.length === 0 && !needs.facts.includes('human')) return noEntities;
  const behind = needs.entities.flatMap((one) => entitiesBehind(one, call, names));
  return needs.facts.includes('human') ? [...behind, ...rootEntities(call, needs)] : behind;
}

function entitiesBehind(need: EntityNeed, call: KnownCall, { action, resource }: CallNames): readonly CedarEntity[] {
  switch (need) {
    case 'principal':
      return principalEntities(call);
    case 'action': {
      const parents = groupsOf(call.operation.effect).map((id): EntityUid => ({ type: 'Action', id }));
      return [{ uid: action, attributes: {}, parents }];
    }
    case 'resource':
      return [{ uid: resource, attributes: { name: call.system.name }, parents: [] }];
  }
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

const nothing: CedarRecord = {};

/** What policies that look at nothing are asked with: the same object for every call. */
export const plainContext: CedarRecord = { args: nothing, facts: { at: nothing, hours: nothing } };

function contextOf(call: KnownCall, needs: PolicyNeeds): CedarRecord {
  if (needs === noNeeds) return plainContext;
  const { nowMs, arguments: args } = call;
  const facts: Record<string, CedarValue> = {
    at: needs.pointers.length === 0 ? nothing : argumentFacts(args, needs.pointers, needs.patterns),
    hours: needs.hours.length === 0 ? nothing : Object.fromEntries(needs.hours.map(({ key, isOpen }) => [key, isOpen(nowMs)])),
  };
  for (const name of needs.facts) {
    const fact = plainFact(call, name);
    if (fact !== undefined) facts[name] = fact;
  }
  return { args: needs.args.length === 0 ? nothing : toCedarArguments(args, needs.args), facts };
}

/** Each only when it is needed: most questions look at one or two. */
function plainFact({ nowMs, task, chain, human, operation, flow }: KnownCall, name: string): CedarValue | undefined {
  switch (name) {
    case 'now':
      return CedarExtension.datetime(nowMs);
    case 'operation':
      return operation.name;
    case 'effect':
      return operation.effect;
    case 'trigger':
      return (chain[0]?.task ?? task).trigger;
    case 'human':
      return humanRef(human);
    case 'depth':
      return BigInt(chain.length);
    case 'labels':
      return flow && labelFacts(flow);
    case 'from':
      return flow && fromFacts(flow);
    default:
      return undefined;
  }
}
