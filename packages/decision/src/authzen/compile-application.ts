import type { ApplicationDocument, ApplicationEntity } from '@surety/contract/authzen';
import { fromPlain, isExactRecord } from '@surety/contract/exact-json';
import type { PolicyVocabulary } from '../cedar-schema.ts';
import { type CedarRecord, type EntityUid, toCedarValue, unheldType } from '../cedar-value.ts';
import type { CedarEntity, PolicyEngine, PolicyHandle } from '../policy-engine.ts';
import { readEst } from '../read-est.ts';
import { readPolicies } from '../read-policies.ts';

/** What a document says of one entity, and everything above it of which it says something. */
export type KnownEntity = { readonly entity: CedarEntity; readonly above: readonly CedarEntity[] };

type KnownType = { readonly isOpen: boolean; readonly asserts: readonly string[]; readonly ids: readonly string[] };

/** An application that an engine has taken in. */
export type CompiledApplication = {
  readonly policies: PolicyHandle;
  readonly types: ReadonlyMap<string, KnownType>;
  /** In their order. */
  readonly actions: readonly string[];
  readonly actionAsserts: readonly string[];
  readonly contextAsserts: readonly string[];
  /** By {@link entityKey}. */
  readonly entities: ReadonlyMap<string, KnownEntity>;
  /** Entities that stand in policies by name, and what is above them: a policy may look at them whoever is asked about. */
  readonly named: readonly CedarEntity[];
};

export type ApplicationIssue = { readonly path: string; readonly message: string };

export type ApplicationReading =
  | { readonly ok: true; readonly application: CompiledApplication }
  | { readonly ok: false; readonly issues: readonly ApplicationIssue[] };

/** How many entities may be above one, so that no question brings the whole document with it. */
const maxAbove = 100;

/**
 * Compiles what an application says of its world. `name` is what policies are called by in answers: `<name>/<id of the
 * policy>`.
 */
export function compileApplication(engine: PolicyEngine, name: string, document: ApplicationDocument): ApplicationReading {
  const issues = checkEntities(document);
  if (issues.length > 0) return { ok: false, issues: issues.slice(0, 20) };
  const read = readPolicies(document.policies, { vocabulary: vocabularyOf(document), holds: false });
  if (!read.ok) {
    const placed = read.issues.map(({ line, column, message }) => ({
      path: '/document/policies',
      message: `line ${line}, column ${column}: ${message}`,
    }));
    return { ok: false, issues: placed };
  }
  const entities = new Map<string, CedarEntity>(document.entities.map((one) => [entityKey(one), toEntity(one)]));
  const known = new Map<string, KnownEntity>();
  for (const [key, entity] of entities) {
    const above = allAbove(entity, entities);
    if (above === undefined) return { ok: false, issues: [{ path: '/document/entities', message: tooHigh }] };
    known.set(key, { entity, above });
  }
  const policies = engine.prepare(
    name,
    read.policies.map(({ id, text }) => ({ id: `${name}/${id}`, text })),
  );
  if (isUnreadable(engine, policies))
    return { ok: false, issues: [{ path: '/document/policies', message: 'a policy is too deep to be evaluated' }] };
  const named = read.policies.flatMap(({ est }) => readEst(est).entities);
  const application = {
    policies,
    types: typesOf(document),
    actions: document.actions.toSorted(),
    actionAsserts: document.actionAsserts,
    contextAsserts: document.contextAsserts,
    entities: known,
    named: distinct(named.flatMap((uid) => withAbove(known.get(entityKey(uid))))),
  };
  return { ok: true, application };
}

const tooHigh = `an entity is above itself, or has more than ${maxAbove} above it`;

/** Whether the engine refused the set as a whole: then its errors name the set, whatever is asked. */
function isUnreadable(engine: PolicyEngine, policies: PolicyHandle): boolean {
  const nobody: EntityUid = { type: unheldType, id: '' };
  const asked = { principal: nobody, action: { type: 'Action', id: '' }, resource: nobody, context: {}, entities: [] };
  return engine.evaluate(policies, asked).errors.includes(policies.id);
}

/** No type holds U+0000. */
export function entityKey({ type, id }: EntityUid): string {
  return `${type}\0${id}`;
}

/** An entity and everything above it; nothing for one that is not known. */
export function withAbove(known: KnownEntity | undefined): readonly CedarEntity[] {
  return known === undefined ? [] : [known.entity, ...known.above];
}

/** Each entity once. */
export function distinct(entities: readonly CedarEntity[]): readonly CedarEntity[] {
  if (entities.length < 2) return entities;
  return [...new Map(entities.map((one) => [entityKey(one.uid), one])).values()];
}

function checkEntities({ entities, types, actions }: ApplicationDocument): readonly ApplicationIssue[] {
  const seen = new Set<string>();
  const issues: ApplicationIssue[] = [];
  if (new Set(actions).size !== actions.length) issues.push({ path: '/document/actions', message: 'an action stands twice' });
  for (const [at, one] of entities.entries()) {
    const path = `/document/entities/${at}`;
    const key = entityKey(one);
    if (seen.has(key)) issues.push({ path, message: 'this entity stands twice' });
    seen.add(key);
    for (const { type } of [one, ...one.in])
      if (!Object.hasOwn(types, type)) issues.push({ path, message: `there is no type ${type}; add it to "types"` });
  }
  return issues;
}

function typesOf({ types, entities }: ApplicationDocument): ReadonlyMap<string, KnownType> {
  const ids = Map.groupBy(entities, ({ type }) => type);
  return new Map(
    Object.entries(types).map(([type, { open, asserts }]) => [
      type,
      { isOpen: open, asserts, ids: (ids.get(type) ?? []).map(({ id }) => id).toSorted() },
    ]),
  );
}

/** What policies may name: the types and actions of the document, and properties that something of a type can have. */
function vocabularyOf({ types, entities, actions }: ApplicationDocument): PolicyVocabulary {
  const attributes = new Map(Object.entries(types).map(([type, { asserts }]) => [type, new Set(asserts)]));
  for (const { type, properties } of entities) for (const name of Object.keys(properties)) attributes.get(type)?.add(name);
  const names = [...attributes.keys()];
  return {
    types: { ...Object.fromEntries([...attributes].map(([type, all]) => [type, [...all]])), [unheldType]: [] },
    principals: names,
    resources: names,
    context: ['action', 'request'],
    facts: [],
    actionGroups: [],
    isAction: (id) => actions.includes(id),
    actionForm: 'Action::"one of the actions of the document"',
  };
}

function toEntity({ type, id, properties, in: parents }: ApplicationEntity): CedarEntity {
  const value = fromPlain(properties);
  const members = isExactRecord(value) ? Object.entries(value) : [];
  const attributes: CedarRecord = Object.fromEntries(members.map(([name, one]) => [name, toCedarValue(one)]));
  return { uid: { type, id }, attributes, parents };
}

/** Undefined when there is a circle, or too much. */
function allAbove(entity: CedarEntity, entities: ReadonlyMap<string, CedarEntity>): readonly CedarEntity[] | undefined {
  const found = new Map<string, CedarEntity | undefined>();
  const waiting = [...entity.parents];
  const own = entityKey(entity.uid);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const key = entityKey(next);
    if (found.has(key)) continue;
    const one = entities.get(key);
    found.set(key, one);
    if (key === own || found.size > maxAbove) return undefined;
    waiting.push(...(one?.parents ?? []));
  }
  return [...found.values()].filter((one) => one !== undefined);
}
