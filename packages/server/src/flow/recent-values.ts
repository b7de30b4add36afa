import type { SeenValue } from '@surety/contract/enforcement';
import type { Feed } from '#change/feed';

/** Values that this node has kept of late, so that what is read again and again is written once. In memory only. */
export type RecentValues = {
  has(root: string, value: SeenValue): boolean;
  /** How many were kept of the tree since that was last asked to be forgotten. */
  note(root: string, values: readonly SeenValue[]): number;
  /** The count of a tree begins anew. */
  restart(root: string): void;
};

type Known = { readonly names: Set<string>; count: number };

/** Trees that are kept in mind at most, and values of each: more are written again. */
const maxTrees = 200;
const maxValues = 2_000;

/** A change of a tree forgets it: a person may have taken a label away. */
export function createRecentValues(feed: Pick<Feed, 'onChange'>): RecentValues {
  const trees = new Map<string, Known>();
  feed.onChange(({ key }) => trees.get(key)?.names.clear());
  return {
    has: (root, value) => trees.get(root)?.names.has(nameOf(value)) === true,
    note: (root, values) => {
      if (values.length === 0) return 0;
      const known = trees.get(root) ?? { names: new Set(), count: 0 };
      trees.delete(root);
      trees.set(root, known);
      known.count += values.length;
      for (const value of values) {
        if (known.names.size >= maxValues) known.names.clear();
        known.names.add(nameOf(value));
      }
      for (const oldest of trees.keys()) {
        if (trees.size <= maxTrees) break;
        trees.delete(oldest);
      }
      return known.count;
    },
    restart: (root) => {
      const known = trees.get(root);
      if (known !== undefined) known.count = 0;
      known?.names.clear();
    },
  };
}

function nameOf({ kind, value, isUntrusted, labels }: SeenValue): string {
  return `${kind} ${isUntrusted ? '!' : ''}${labels.join(' ')} ${value}`;
}
