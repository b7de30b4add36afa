import type { Tx } from '#kernel/db';

/** A value that a result held, as far as it is kept. */
export type StoredValue = {
  readonly root: string;
  readonly fingerprint: Buffer;
  readonly labels: readonly string[];
  readonly isUntrusted: boolean;
  readonly system: string;
  readonly operation: string;
  readonly action: string;
};

type Row = {
  root: string;
  fingerprint: Buffer;
  labels: string[];
  is_untrusted: boolean;
  system: string;
  operation: string;
  action: string;
};

/** Of these fingerprints, those that were met in one of the trees; what was met first comes first. */
export async function findTreeValues(tx: Tx, roots: readonly string[], fingerprints: readonly Buffer[]): Promise<StoredValue[]> {
  const { rows } = await tx.query<Row>(
    `select root, fingerprint, labels, is_untrusted, system, operation, action from tree_value
     where root = any($1) and fingerprint = any($2) order by at`,
    [[...roots], [...fingerprints]],
    'flow-values',
  );
  return rows.map(({ is_untrusted: isUntrusted, ...row }) => ({ ...row, isUntrusted }));
}

export async function countTreeValues(tx: Tx, root: string): Promise<number> {
  const { rows } = await tx.query<{ count: number }>('select count(*) as count from tree_value where root = $1', [root]);
  return rows[0]?.count ?? 0;
}

/** Takes a label off the values of trees. Values that were an outsider's are nobody's any more when the label says that. */
export async function removeValueLabel(tx: Tx, roots: readonly string[], name: string): Promise<number> {
  const { rowCount } = await tx.query(
    `update tree_value set labels = array_remove(labels, $2) where root = any($1) and $2 = any(labels)`,
    [[...roots], name],
  );
  return rowCount;
}

/** Makes values of an outsider's trusted: a person has looked at all that the trees have seen. */
export async function trustValues(tx: Tx, roots: readonly string[]): Promise<number> {
  const { rows } = await tx.query<{ count: number }>(
    `with gone as (delete from tree_value where root = any($1) and is_untrusted returning *),
     kept as (
       insert into tree_value (root, fingerprint, is_untrusted, labels, system, operation, action, at)
       select root, fingerprint, false, labels, system, operation, action, at from gone
       on conflict (root, fingerprint, is_untrusted) do nothing
     )
     select count(*) as count from gone`,
    [[...roots]],
  );
  return rows[0]?.count ?? 0;
}

/**
 * Keeps a tree within its bound: what no outsider wrote goes first, oldest first, then what outsiders wrote. A value that is not
 * known any more was met nowhere, and that is never better for whoever uses it.
 */
export async function boundTreeValues(tx: Tx, root: string, most: number): Promise<number> {
  const { rowCount } = await tx.query(
    `delete from tree_value where root = $1 and (fingerprint, is_untrusted) in (
       select fingerprint, is_untrusted from tree_value where root = $1 order by is_untrusted desc, at desc offset $2)`,
    [root, most],
  );
  return rowCount;
}

/** Forgets values that are older than any tree that could go on from theirs. */
export async function pruneTreeValues(tx: Tx, before: Date): Promise<number> {
  const { rowCount } = await tx.query(
    `delete from tree_value where at < $1 and not exists (select from task where task.root = tree_value.root and task.expires_at >= $1)`,
    [before],
  );
  return rowCount;
}
