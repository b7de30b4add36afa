import type { Look, SeenValue } from '@surety/contract/enforcement';
import type { SalientKind } from '@surety/decision/flow/flow-facts';
import type { TreeSight } from '#ledger/tree-sight';
import { announce } from '#change/announce';
import type { Feed } from '#change/feed';
import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';
import { record } from '#ledger/record';
import type { Fingerprints } from './fingerprints.ts';
import { createRecentValues } from './recent-values.ts';
import type { TreeFacts } from './tree-facts.ts';
import { addTreeLabels } from './tree-label-store.ts';
import { boundTreeValues } from './tree-value-store.ts';

export type KeepHouse = {
  readonly db: Db;
  readonly clock: Clock;
  readonly feed: Pick<Feed, 'applied' | 'catchUp' | 'onChange'>;
  readonly trees: TreeFacts;
  readonly prints: Fingerprints;
};

/** The result that was looked at. `actor` is who made the call; `action` is empty for what came outside of a call. */
export type SeenAt = {
  readonly root: string;
  readonly task: string;
  readonly actor: string;
  readonly system: string;
  readonly operation: string;
  readonly action: string;
};

/** What is to be committed before the answer is released, and what that stands on. */
export type ToKeep = {
  /** Of the values that were seen, those that are written. */
  readonly values: readonly SeenValue[];
  readonly sights: readonly TreeSight[];
  readonly fence: { readonly change: number; readonly keys: readonly string[] };
};

/** The most values of one answer that are followed. */
const maxValues = 2_000;

/** The most values that one tree keeps, and after how many new ones of this node it is brought back to that. */
export const maxTreeValues = 20_000;
const boundEvery = 2_000;

/** Makes what was seen part of a tree. */
export type LookKeeper = {
  /**
   * Labels that are new to the tree are durable, and announced, when this resolves: an intent that was decided without them is
   * decided again. What it returns goes into the commit of the outcome. When that finds its fence stale, this is done again.
   */
  keep(at: SeenAt, looked: Look): Promise<ToKeep>;
  /** To be told once it is committed. */
  kept(at: SeenAt, toKeep: ToKeep): Promise<void>;
};

export function createLookKeeper(house: KeepHouse): LookKeeper {
  const recent = createRecentValues(house.feed);
  return {
    keep: async (at, looked) => {
      house.feed.catchUp();
      const change = house.feed.applied();
      const tree = await house.trees.tree(at.root);
      const grown = looked.labels.filter((label) => !tree.own.has(label));
      if (grown.length > 0) await grow(house, at, grown);
      const values = looked.values.slice(0, maxValues).filter((value) => !recent.has(at.root, value));
      const sights = sightsOf(house, at, values);
      return { values, sights, fence: { change, keys: looked.labels.length === 0 || grown.length > 0 ? [] : [at.root] } };
    },
    kept: async ({ root }, { values }) => {
      if (recent.note(root, values) < boundEvery) return;
      recent.restart(root);
      await boundTreeValues(house.db, root, maxTreeValues);
    },
  };
}

/** What two nodes find new at once is added and told once. */
async function grow({ db, clock }: KeepHouse, { root, task, actor, ...from }: SeenAt, labels: readonly string[]): Promise<void> {
  await db.transaction(async (tx) => {
    const added = await addTreeLabels(tx, labels, { root, ...from, at: new Date(clock()) });
    if (added.length === 0) return;
    await record(tx, clock, { type: 'task.labelled', actor, about: root, task, data: { labels: added.toSorted(), ...from } });
    await announce(tx, [{ what: 'changed', key: root }]);
  });
}

function sightsOf(
  { clock, prints }: KeepHouse,
  { root, system, operation, action }: SeenAt,
  values: readonly SeenValue[],
): readonly TreeSight[] {
  const from = { root, system, operation, action, atMs: clock() };
  return values.map(({ isUntrusted, labels, kind, value }) => ({
    ...from,
    fingerprint: prints.of({ kind: kind as SalientKind, value }),
    isUntrusted,
    labels: labels.join(' '),
  }));
}
