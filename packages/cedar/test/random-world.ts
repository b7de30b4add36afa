import type { Random } from './random.ts';
import { type Json, randomAction, randomString, randomUid, randomValue, types } from './random-value.ts';

export type Uid = { readonly type: string; readonly id: string };

/** As the official engine takes it; Longs are bigints. */
export type World = {
  readonly entities: readonly {
    readonly uid: Uid;
    readonly attrs: { readonly [name: string]: Json };
    readonly parents: readonly Uid[];
    readonly tags: { readonly [name: string]: Json };
  }[];
  readonly requests: readonly {
    readonly principal: Uid;
    readonly action: Uid;
    readonly resource: Uid;
    readonly context: { readonly [name: string]: Json };
  }[];
};

/** Entities without a circle, some of them missing, and requests about them. Attributes have the name of their type, mostly. */
export function randomWorld(random: Random, requests: number): World {
  const uids = distinct(random.many(random.pick([0, 4, 6, 6, 8, 12]), () => randomUid(random)));
  const entities = uids.map((uid, at) => ({
    uid,
    attrs: randomAttributes(random),
    parents: [
      ...uids.slice(0, at).filter(() => random.chance(25)),
      ...(random.chance(20) ? [{ type: 'Gone', id: random.pick(['a', 'b']) }] : []),
    ],
    tags: random.chance(70) ? randomAttributes(random) : {},
  }));
  const actions = ['g', 'x', 'y']
    .filter(() => random.chance(60))
    .map((id, at) => ({
      uid: { type: 'Action', id },
      attrs: {},
      parents: [
        ...(at > 0 && random.chance(60) ? [{ type: 'Action', id: 'g' }] : []),
        ...(random.chance(30) ? [{ type: 'Action', id: 'h' }] : []),
      ],
      tags: {},
    }));
  const known = (): Uid => (uids.length > 0 && random.chance(90) ? random.pick(uids) : randomUid(random));
  return {
    entities: [...entities, ...actions],
    requests: random.many(requests, () => ({
      principal: known(),
      action: randomAction(random),
      resource: known(),
      context: { ...randomAttributes(random), ...(random.chance(10) ? { [randomString(random)]: true } : {}) },
    })),
  };
}

function randomAttributes(random: Random): { readonly [name: string]: Json } {
  const chosen = types.filter(() => random.chance(92));
  return Object.fromEntries(chosen.map((name) => [name, randomValue(random, random.chance(96) ? name : random.pick(types))]));
}

function distinct(uids: readonly Uid[]): readonly Uid[] {
  return [...new Map(uids.map((uid) => [`${uid.type}\0${uid.id}`, uid])).values()];
}
