import type { EntityStore } from './entity-store.ts';
import type { EntityUid } from './entity-uid.ts';
import { type Json, readEntityUid, readList, readOnly, readText, readTypeName } from './est.ts';
import { Kept } from './kept.ts';
import { PolicyRefused } from './policy-refused.ts';
import type { Question } from './question.ts';

/** What the head of a policy asks of the principal, the action or the resource. */
export type ScopeConstraint =
  | { readonly op: 'all' }
  | { readonly op: 'eq'; readonly uid: EntityUid }
  | { readonly op: 'in'; readonly groups: readonly EntityUid[] }
  | { readonly op: 'is'; readonly type: string }
  | { readonly op: 'isIn'; readonly type: string; readonly group: EntityUid };

export type Scope = {
  readonly principal: ScopeConstraint;
  readonly action: ScopeConstraint;
  readonly resource: ScopeConstraint;
};

/** Entities for the slots of a template, by name: `?principal`, `?resource`. */
export type Slots = { readonly '?principal'?: EntityUid; readonly '?resource'?: EntityUid };

/** What heads of policies may share; see {@link Kept}. */
export class KeptHeads {
  readonly actions = new Kept<ScopeConstraint>();
  readonly resources = new Kept<ScopeConstraint>();
}

const members = ['op', 'entity', 'entities', 'slot', 'entity_type', 'in'];

/** Reads the head of a policy. PolicyRefused when it is none, and for a slot that is not filled. */
export function readScope(policy: Json, slots: Slots = {}, kept = new KeptHeads()): Scope {
  const { action, resource } = policy;
  const slot = slots['?resource'];
  const readResource = () => readConstraint(resource, slot, '?resource');
  return {
    principal: readConstraint(policy['principal'], slots['?principal'], '?principal'),
    action: kept.actions.take(action, () => readActionConstraint(action)),
    // What a slot is filled with does not stand in the JSON.
    resource: slot === undefined ? kept.resources.take(resource, readResource) : readResource(),
  };
}

function readConstraint(json: unknown, filling: EntityUid | undefined, slot: string): ScopeConstraint {
  const constraint = readOnly(json, members, 'the head of a policy');
  const entityOf = (holder: Json): EntityUid => {
    if (holder['slot'] === undefined) return readEntityUid(holder['entity']);
    if (holder['slot'] !== slot || holder['entity'] !== undefined) throw new PolicyRefused('a slot stands where it cannot');
    if (filling === undefined) throw new PolicyRefused(`${slot} is not filled`);
    return filling;
  };
  switch (constraint['op']) {
    case 'All':
      return { op: 'all' };
    case '==':
      return { op: 'eq', uid: entityOf(constraint) };
    case 'in':
      return { op: 'in', groups: [entityOf(constraint)] };
    case 'is': {
      const type = readTypeName(constraint['entity_type']);
      if (constraint['in'] === undefined) return { op: 'is', type };
      return { op: 'isIn', type, group: entityOf(readOnly(constraint['in'], ['entity', 'slot'], 'the head of a policy')) };
    }
    default:
      throw new PolicyRefused('the head of a policy cannot be read');
  }
}

function readActionConstraint(json: unknown): ScopeConstraint {
  const constraint = readOnly(json, members, 'the head of a policy');
  switch (constraint['op']) {
    case 'All':
      return { op: 'all' };
    case '==':
      return { op: 'eq', uid: readAction(constraint['entity']) };
    case 'in':
      if (constraint['entities'] === undefined) return { op: 'in', groups: [readAction(constraint['entity'])] };
      return { op: 'in', groups: readList(constraint['entities'], 'the actions of a policy').map(readAction) };
    default:
      throw new PolicyRefused('the head of a policy cannot be read');
  }
}

function readAction(json: unknown): EntityUid {
  const uid = readEntityUid(json);
  if (!/(?:^|::)Action$/.test(readText(uid.type, 'a type'))) throw new PolicyRefused('an action is of the type Action');
  return uid;
}

/** Whether the head of a policy fits a question. */
export function fits({ principal, action, resource }: Scope, question: Question): boolean {
  const { entities } = question;
  return (
    fitsOne(principal, question.principal, entities) &&
    fitsOne(action, question.action, entities) &&
    fitsOne(resource, question.resource, entities)
  );
}

function fitsOne(constraint: ScopeConstraint, uid: EntityUid, entities: EntityStore): boolean {
  switch (constraint.op) {
    case 'all':
      return true;
    case 'eq':
      return constraint.uid.isSame(uid);
    case 'in':
      for (const group of constraint.groups) if (entities.isIn(uid, group)) return true;
      return false;
    case 'is':
      return constraint.type === uid.type;
    case 'isIn':
      return constraint.type === uid.type && entities.isIn(uid, constraint.group);
  }
}
