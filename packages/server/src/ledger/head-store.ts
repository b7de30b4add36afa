import type { Tx } from '#kernel/db';

/** The head of the tree at rest. `frontier`: the roots of its complete subtrees, the largest first. */
export type TreeHead = {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  readonly frontier: Buffer;
  readonly note: string;
};

const columns = 'origin, size, root, frontier, note';

export async function findHead(tx: Tx): Promise<TreeHead | undefined> {
  const { rows } = await tx.query<TreeHead>(`select ${columns} from tree_head`, [], 'head-find');
  return oneOf(rows);
}

/** Reads the head and holds it until the transaction ends: whoever integrates waits here for the one before. */
export async function lockHead(tx: Tx): Promise<TreeHead | undefined> {
  const { rows } = await tx.query<TreeHead>(`select ${columns} from tree_head for update`, [], 'head-lock');
  return oneOf(rows);
}

/** Adds the first head. Returns whether there was none. */
export async function addHead(tx: Tx, head: TreeHead): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into tree_head (${columns}, at) select $1, $2, $3, $4, $5, clock_timestamp() where not exists (select from tree_head)
     on conflict (origin) do nothing`,
    [head.origin, head.size, head.root, head.frontier, head.note],
  );
  return rowCount === 1;
}

/** Moves the head, if it still stands where it was read (compare-and-swap). Returns whether it did. */
export async function moveHead(tx: Tx, from: TreeHead, to: TreeHead): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update tree_head set size = $3, root = $4, frontier = $5, note = $6, at = clock_timestamp()
     where origin = $1 and size = $2 and root = $7`,
    [from.origin, from.size, to.size, to.root, to.frontier, to.note, from.root],
    'head-move',
  );
  return rowCount === 1;
}

/** A database holds one log. Two heads would be two histories, so none of them is the head. */
function oneOf(rows: readonly TreeHead[]): TreeHead | undefined {
  return rows.length === 1 ? rows[0] : undefined;
}
