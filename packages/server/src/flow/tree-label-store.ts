import type { Tx } from '#kernel/db';
import type { TreeLabelRow } from '#store/rows';

/** A label of one tree, with the result that brought it first. `action` is empty for what came outside of a call. */
export type StoredLabel = {
  readonly root: string;
  readonly name: string;
  readonly system: string;
  readonly operation: string;
  readonly action: string;
  readonly at: Date;
};

/** How long a tree that an instance worked in counts for what it begins by itself later, in hours. */
const inheritedHours = 24;

/** Earlier trees that count at most: those that have labels before those that have none, the newest first. */
const maxTrees = 200;

/**
 * The trees that a tree goes on from: those that the instance which opened it by itself has worked in during the last day. Its
 * own is not among them. A task that somebody else asked for begins clean. `task` belongs to the room of delegation: it is read
 * here so that nothing has to be copied when a task is opened, and what an earlier tree still gathers counts too.
 */
export async function listTreesBefore(tx: Tx, root: string): Promise<string[]> {
  const { rows } = await tx.query<{ root: string }>(
    `select earlier.root from (
       select distinct before.root from task as own
         join task as before on before.instance = own.instance and before.expires_at > own.created_at - make_interval(hours => $2)
       where own.id = $1 and own.requester = own.agent and own.agent like 'agt\\_%' and before.root <> own.id and before.id < own.id
     ) as earlier
     order by exists (select from tree_label where tree_label.root = earlier.root) desc, earlier.root desc limit $3`,
    [root, inheritedHours, maxTrees],
    'flow-trees-before',
  );
  return rows.map((row) => row.root);
}

/** The root of the tree that a task is in. */
export async function findRoot(tx: Tx, task: string): Promise<string | undefined> {
  const { rows } = await tx.query<{ root: string }>('select root from task where id = $1', [task]);
  return rows[0]?.root;
}

export async function listTreeLabels(tx: Tx, roots: readonly string[]): Promise<StoredLabel[]> {
  const { rows } = await tx.query<TreeLabelRow>(
    `select root, name, system, operation, action, at from tree_label where root = any($1) order by at, name`,
    [[...roots]],
    'flow-labels',
  );
  return rows;
}

/** Adds labels that a tree does not have. Returns those that are new to it. */
export async function addTreeLabels(
  tx: Tx,
  names: readonly string[],
  { root, system, operation, action, at }: Omit<StoredLabel, 'name'>,
): Promise<string[]> {
  const { rows } = await tx.query<{ name: string }>(
    `insert into tree_label (root, name, system, operation, action, at)
     select $1, given.name, $3, $4, $5, $6 from unnest($2::text[]) as given (name) order by given.name
     on conflict (root, name) do nothing returning name`,
    [root, [...names], system, operation, action, at],
    'flow-label-add',
  );
  return rows.map((row) => row.name);
}

/** Takes a label off trees. Returns those that had it. */
export async function removeTreeLabel(tx: Tx, roots: readonly string[], name: string): Promise<string[]> {
  const { rows } = await tx.query<{ root: string }>('delete from tree_label where root = any($1) and name = $2 returning root', [
    [...roots],
    name,
  ]);
  return rows.map((row) => row.root);
}

/** Forgets the labels of trees that nobody has worked in since. */
export async function pruneTreeLabels(tx: Tx, before: Date): Promise<number> {
  const { rowCount } = await tx.query(
    `delete from tree_label where at < $1 and not exists (select from task where task.root = tree_label.root and task.expires_at >= $1)`,
    [before],
  );
  return rowCount;
}
