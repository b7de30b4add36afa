import { EntityUid } from './entity-uid.ts';
import { PolicyRefused } from './policy-refused.ts';
import { isEqual, RecordValue } from './value.ts';

export type Entity = {
  readonly uid: EntityUid;
  readonly attributes: RecordValue;
  readonly tags?: RecordValue;
  readonly parents: readonly EntityUid[];
};

export const noRecord = new RecordValue([], []);

/** Up to this many are looked through one by one; more are found by key. */
const few = 8;

/** Names of entities, to be asked whether one is among them. */
class Names {
  readonly all: readonly EntityUid[];
  private keys: ReadonlySet<string> | undefined;

  constructor(all: readonly EntityUid[]) {
    this.all = all;
  }

  has(uid: EntityUid): boolean {
    if (this.all.length <= few) return this.all.some((one) => one.isSame(uid));
    this.keys ??= new Set(this.all.map(({ key }) => key));
    return this.keys.has(uid.key);
  }
}

const nobody = new Names([]);

type Stored = { readonly entity: Entity; readonly above: Names };

/**
 * What is known of entities, and who is above whom: parents, their parents, and so on. Parents need not be in the store.
 * PolicyRefused for a circle, and for a name that stands twice with different content.
 */
export class EntityStore {
  private readonly stored: readonly Stored[];
  private readonly byKey: ReadonlyMap<string, Stored> | undefined;

  constructor(entities: readonly Entity[]) {
    const distinct = entities.length < 2 ? entities : withoutTwins(entities);
    this.stored = closeUpwards(distinct);
    this.byKey = this.stored.length <= few ? undefined : new Map(this.stored.map((one) => [one.entity.uid.key, one]));
  }

  find(uid: EntityUid): Entity | undefined {
    return this.lookUp(uid)?.entity;
  }

  /** Everything above an entity; nothing above one that is not known. */
  above(uid: EntityUid): readonly EntityUid[] {
    return this.lookUp(uid)?.above.all ?? nobody.all;
  }

  /** Cedar's `in`: the entity itself, or something above it. */
  isIn(uid: EntityUid, group: EntityUid): boolean {
    return uid.isSame(group) || (this.lookUp(uid)?.above ?? nobody).has(group);
  }

  private lookUp(uid: EntityUid): Stored | undefined {
    if (this.byKey !== undefined) return this.byKey.get(uid.key);
    for (const one of this.stored) if (one.entity.uid.isSame(uid)) return one;
    return undefined;
  }
}

function withoutTwins(entities: readonly Entity[]): readonly Entity[] {
  const known = new Map<string, Entity>();
  for (const entity of entities) {
    const twin = known.get(entity.uid.key);
    if (twin !== undefined && !isSame(twin, entity)) throw new PolicyRefused('an entity stands twice with different content');
    known.set(entity.uid.key, entity);
  }
  return [...known.values()];
}

function isSame(one: Entity, other: Entity): boolean {
  const parents = new Set(one.parents.map(({ key }) => key));
  const others = new Set(other.parents.map(({ key }) => key));
  return (
    isEqual(one.attributes, other.attributes) &&
    isEqual(one.tags ?? noRecord, other.tags ?? noRecord) &&
    parents.size === others.size &&
    parents.isSubsetOf(others)
  );
}

function closeUpwards(entities: readonly Entity[]): readonly Stored[] {
  if (entities.length === 0) return [];
  if (entities.every(({ parents }) => parents.length === 0)) return entities.map((entity) => ({ entity, above: nobody }));
  const byKey = new Map(entities.map((entity) => [entity.uid.key, entity]));
  return entities.map((entity) => ({ entity, above: new Names(allAbove(entity, byKey)) }));
}

function allAbove(entity: Entity, byKey: ReadonlyMap<string, Entity>): readonly EntityUid[] {
  const found = new Map<string, EntityUid>();
  const waiting = [...entity.parents];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next.key)) continue;
    found.set(next.key, next);
    waiting.push(...(byKey.get(next.key)?.parents ?? []));
  }
  if (found.has(entity.uid.key)) throw new PolicyRefused('an entity is above itself');
  return [...found.values()];
}
