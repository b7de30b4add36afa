import { createFactCache } from '#change/fact-cache';
import type { Feed } from '#change/feed';
import type { Db, Tx } from '#kernel/db';
import { listTreeLabels, listTreesBefore, type StoredLabel } from './tree-label-store.ts';

/** What a tree of tasks has gathered, with what it goes on from. */
export type TreeFact = {
  /** The tree's own root, then those of the earlier trees that it goes on from. */
  readonly roots: readonly string[];
  /** Each label once, as it came first. */
  readonly labels: readonly StoredLabel[];
  /** Names of the labels that stand on the tree itself. */
  readonly own: ReadonlySet<string>;
};

/** What trees have gathered, from memory where it is fresh. A tree that gains a label is announced. */
export type TreeFacts = { tree(root: string): Promise<TreeFact> };

const maxTrees = 10_000;

export function openTreeFacts({ db, feed }: { readonly db: Db; readonly feed: Feed }): TreeFacts {
  const cache = createFactCache<TreeFact>({
    feed,
    max: maxTrees,
    load: (root) => loadTree(db, root),
    keysOf: (_root, { roots }) => roots,
  });
  return { tree: async (root) => (await cache.get(root)) ?? { roots: [root], labels: [], own: new Set() } };
}

/** The trees before are read first: what they gain after is announced under their keys. */
export async function loadTree(db: Tx, root: string): Promise<TreeFact> {
  const roots = [root, ...(await listTreesBefore(db, root))];
  const stored = await listTreeLabels(db, roots);
  const first = new Map<string, StoredLabel>();
  for (const label of stored) if (!first.has(label.name)) first.set(label.name, label);
  const own = new Set(stored.filter((label) => label.root === root).map(({ name }) => name));
  return { roots, labels: [...first.values()], own };
}
