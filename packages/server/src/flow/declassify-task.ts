import { type TaskFlow, untrustedLabel } from '@surety/contract/flow';
import type { ActionId, TaskId } from '@surety/contract/id';
import { announce } from '#change/announce';
import { type Clock, instant } from '#kernel/clock';
import type { Db, Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { record } from '#ledger/record';
import { loadTree, type TreeFact } from './tree-facts.ts';
import { findRoot, removeTreeLabel } from './tree-label-store.ts';
import { countTreeValues, removeValueLabel, trustValues } from './tree-value-store.ts';

export type DeclassifyHouse = { readonly db: Db; readonly clock: Clock };

export type Declassify = { readonly task: string; readonly label: string; readonly reason: string };

/**
 * Takes a label off the tree of a task, off the earlier trees that it goes on from, and off all values met in them so far. A
 * person does this, who has looked; what comes later with this label brings it again. Faults `task.not_found`, `label.not_found`.
 */
export async function declassifyTask(
  house: DeclassifyHouse,
  actor: string,
  { task, label, reason }: Declassify,
): Promise<TaskFlow> {
  return house.db.transaction(async (tx) => {
    const root = await rootOf(tx, task);
    const { roots } = await loadTree(tx, root);
    const trees = await removeTreeLabel(tx, roots, label);
    if (trees.length === 0) throw new Fault('label.not_found', label);
    const values = await removeValueLabel(tx, roots, label);
    if (label === untrustedLabel) await trustValues(tx, roots);
    const data = { label, reason, values, trees: trees.toSorted() };
    await record(tx, house.clock, { type: 'task.declassified', actor, about: root, task, data });
    const flow = await viewTree(tx, root, await loadTree(tx, root));
    await announce(
      tx,
      trees.toSorted().map((key) => ({ what: 'changed', key })),
    );
    return flow;
  });
}

/** What the tree of a task has seen so far. Fault `task.not_found`. */
export async function readTaskFlow(db: Tx, task: string): Promise<TaskFlow> {
  const root = await rootOf(db, task);
  return viewTree(db, root, await loadTree(db, root));
}

async function rootOf(tx: Tx, task: string): Promise<string> {
  const root = await findRoot(tx, task);
  if (root === undefined) throw new Fault('task.not_found', task);
  return root;
}

async function viewTree(tx: Tx, root: string, { labels, roots }: TreeFact): Promise<TaskFlow> {
  return {
    root: root as TaskId,
    labels: labels.map(({ name, system, operation, action, at, root: tree }) => ({
      name,
      system,
      operation,
      action: action as ActionId | '',
      at: instant(at.getTime()),
      tree: tree as TaskId,
    })),
    values: await countTreeValues(tx, root),
    from: roots.slice(1) as TaskId[],
  };
}
