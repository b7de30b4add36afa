import type { EntityStore } from './entity-store.ts';
import type { EntityUid } from './entity-uid.ts';
import type { Question } from './question.ts';
import type { Scope, ScopeConstraint } from './scope.ts';

const variables = ['principal', 'action', 'resource'] as const;

/**
 * Finds the policies whose head fits a question, without looking at the others: a tree of three floors, one for each
 * variable, in which a policy lies under what its head asks of it. What a search costs depends on how many policies fit,
 * and on how much is above principal, action and resource; not on how many policies there are.
 */
export class ScopeIndex {
  private readonly root = new Floor();

  add(scope: Scope, place: number): void {
    let floors = [this.root];
    for (const variable of variables) floors = floors.flatMap((floor) => floor.openFor(scope[variable]));
    for (const { places } of floors) places.push(place);
  }

  /** Places of the policies whose head fits, in order, each once. */
  find(question: Question): readonly number[] {
    const found: Floor[] = [];
    this.root.follow(question.principal, question, (second) =>
      second.follow(question.action, question, (third) => third.follow(question.resource, question, (last) => found.push(last))),
    );
    const [only, ...more] = found;
    if (only === undefined) return none;
    if (more.length === 0) return only.places;
    return [...new Set(found.flatMap(({ places }) => places))].sort((left, right) => left - right);
  }
}

const none: readonly number[] = [];

type Floors = Map<string, Floor>;

class Floor {
  readonly places: number[] = [];
  private all: Floor | undefined;
  private byName: Floors | undefined;
  private byGroup: Floors | undefined;
  private byType: Floors | undefined;
  private byTypeAndGroup: Map<string, Floors> | undefined;

  /** Where policies with this constraint go on; with several groups, under each of them. */
  openFor(constraint: ScopeConstraint): Floor[] {
    switch (constraint.op) {
      case 'all':
        return [(this.all ??= new Floor())];
      case 'eq':
        return [open((this.byName ??= new Map()), constraint.uid.key)];
      case 'is':
        return [open((this.byType ??= new Map()), constraint.type)];
      case 'in': {
        const byGroup = (this.byGroup ??= new Map());
        return [...new Set(constraint.groups.map(({ key }) => key))].map((key) => open(byGroup, key));
      }
      case 'isIn': {
        const byType = (this.byTypeAndGroup ??= new Map<string, Floors>());
        const byGroup = byType.get(constraint.type) ?? new Map<string, Floor>();
        byType.set(constraint.type, byGroup);
        return [open(byGroup, constraint.group.key)];
      }
    }
  }

  /** Goes on in the floors that an entity leads to. */
  follow(uid: EntityUid, { entities }: Question, goOn: (floor: Floor) => void): void {
    if (this.all !== undefined) goOn(this.all);
    goOnIn(this.byName, uid.key, goOn);
    goOnIn(this.byType, uid.type, goOn);
    followUp(this.byGroup, uid, entities, goOn);
    followUp(this.byTypeAndGroup?.get(uid.type), uid, entities, goOn);
  }
}

function open(floors: Floors, key: string): Floor {
  const found = floors.get(key) ?? new Floor();
  floors.set(key, found);
  return found;
}

function goOnIn(floors: Floors | undefined, key: string, goOn: (floor: Floor) => void): void {
  const floor = floors?.get(key);
  if (floor !== undefined) goOn(floor);
}

function followUp(floors: Floors | undefined, uid: EntityUid, entities: EntityStore, goOn: (floor: Floor) => void): void {
  if (floors === undefined) return;
  goOnIn(floors, uid.key, goOn);
  for (const { key } of entities.above(uid)) goOnIn(floors, key, goOn);
}
