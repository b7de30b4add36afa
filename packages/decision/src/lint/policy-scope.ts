import { groupsOf, vocabularies } from '../cedar-schema.ts';
import { isJson } from '../read-est.ts';
import type { KnownSystem } from './known-systems.ts';

/** The scope of one policy, as far as calls by agents are concerned. Undefined: not limited. */
export type PolicyScope = {
  /** The id of the only agent it is about. */
  readonly agent: string | undefined;
  /** Ids of the actions and groups of actions it is about. */
  readonly actions: readonly string[] | undefined;
  /** The only system it is about. */
  readonly system: string | undefined;
};

const groups = vocabularies.call.actionGroups;

export function scopeOf(est: unknown): PolicyScope {
  const policy = isJson(est) ? est : {};
  const idIn = (constraint: unknown): string | undefined => {
    const within = isJson(constraint) && isJson(constraint['in']) ? constraint['in'] : constraint;
    const entity = isJson(within) ? within['entity'] : undefined;
    return isJson(entity) && typeof entity['id'] === 'string' ? entity['id'] : undefined;
  };
  const action = isJson(policy['action']) ? policy['action'] : {};
  const listed = Array.isArray(action['entities']) ? action['entities'] : [action['entity']];
  const actions = listed.flatMap((entity) => (isJson(entity) && typeof entity['id'] === 'string' ? [entity['id']] : []));
  return {
    agent: idIn(policy['principal']),
    actions: action['op'] === 'All' ? undefined : actions,
    system: idIn(policy['resource']),
  };
}

/** The clauses of a policy: each as JSON, for comparison. */
export function clausesOf(est: unknown): readonly string[] {
  const clauses = isJson(est) && Array.isArray(est['conditions']) ? est['conditions'] : [];
  return clauses.map((clause) => JSON.stringify(clause));
}

/** Whether every call that `narrow` is about is one that `wide` is about. False where it cannot be told. */
export function scopeCovers(wide: PolicyScope, narrow: PolicyScope, systems: readonly KnownSystem[] = []): boolean {
  const isOne = (one: string | undefined, other: string | undefined): boolean => one === undefined || one === other;
  return isOne(wide.agent, narrow.agent) && isOne(wide.system, narrow.system) && actionsCover(wide, narrow, systems);
}

function actionsCover(wide: PolicyScope, narrow: PolicyScope, systems: readonly KnownSystem[]): boolean {
  if (wide.actions === undefined) return true;
  const { actions } = wide;
  if (narrow.actions === undefined) return false;
  return narrow.actions.every(
    (id) =>
      actions.includes(id) ||
      (actions.includes('destructive') && id === 'unknown') ||
      groupsAt(id, systems).some((group) => actions.includes(group)),
  );
}

/** The groups that an action is in; none when it is not known. */
function groupsAt(id: string, systems: readonly KnownSystem[]): readonly string[] {
  const point = id.indexOf('.');
  const system = systems.find(({ name }) => name === id.slice(0, point));
  const operation = system?.operations.find(({ name }) => name === id.slice(point + 1));
  return operation === undefined ? [] : groupsOf(operation.effect);
}

/** Why no call can be in this scope, or undefined. */
export function contradictionOf(
  { actions, system }: PolicyScope,
  systems: readonly KnownSystem[] | undefined,
): string | undefined {
  if (actions === undefined || system === undefined) return undefined;
  const fits = actions.some((id) => (groups.includes(id) ? hasGroup(id, system, systems) : id.startsWith(`${system}.`)));
  return fits ? undefined : `none of its actions is an action of System::"${system}"`;
}

function hasGroup(group: string, system: string, systems: readonly KnownSystem[] | undefined): boolean {
  const known = systems?.find(({ name }) => name === system);
  return known === undefined || known.operations.some(({ effect }) => groupsOf(effect).includes(group));
}
