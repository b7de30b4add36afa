import { untrustedLabel } from '@surety/contract/flow';
import type { ExactRecord } from '@surety/contract/exact-json';
import type { GuardedOperation, GuardedSystem } from '@surety/contract/enforcement';
import type { Task } from '@surety/contract/task';
import { carriedCandidates, type Met, meetCandidate, valuesToLookUp } from '@surety/decision/flow/carried-values';
import type { FlowFacts, SalientValue, TreeLabel } from '@surety/decision/flow/flow-facts';
import { isGiven, isYes, withYes, yesOf } from '@surety/decision/flow/given-yes';
import { purposeOf } from '@surety/decision/flow/purpose';
import type { Db } from '#kernel/db';
import { findDestinations } from './destination-store.ts';
import type { Fingerprints } from './fingerprints.ts';
import { type StoredValue, findTreeValues } from './tree-value-store.ts';
import type { TreeFact, TreeFacts } from './tree-facts.ts';

export type FlowRoom = { readonly db: Db; readonly trees: TreeFacts; readonly prints: Fingerprints };

/**
 * A call under a task, and whether a rule asks where its values came from. `tasks`: the path from the root down, the root first.
 */
export type FlowQuestion = {
  readonly tasks: readonly Task[];
  readonly system: GuardedSystem;
  readonly operation: GuardedOperation;
  readonly arguments: ExactRecord;
  readonly isAsked: boolean;
};

/** What is known of a call's information, and the keys whose change makes it another. */
export type GatheredFlow = { readonly facts: FlowFacts | undefined; readonly keys: readonly string[] };

/** Earlier trees whose change is looked for once more when the intent is committed. */
const maxFenced = 32;

/** The directory of known destinations, as changes name it. */
export const directoryKey = 'destinations';

/**
 * What the tree of a call has seen, from memory; and, where that can matter, where the values of its arguments were met, by one
 * read of the database. It can matter once the tree has seen what an outsider wrote, for a call that does more than read inside
 * the organisation; and where a rule asks. A tree that has seen nothing costs nothing.
 */
export async function gatherFlow(room: FlowRoom, question: FlowQuestion): Promise<GatheredFlow> {
  const { tasks, system, operation, isAsked } = question;
  const [root] = tasks;
  if (root === undefined) return { facts: undefined, keys: [] };
  const tree = await room.trees.tree(root.id);
  const keys = tree.roots.slice(0, maxFenced);
  if (tree.labels.length === 0 && !isAsked) return { facts: undefined, keys };
  // A read that is given an address sends something there, wherever its system stands.
  const isRead = operation.effect === 'read' && system.upstream.inside === true && operation.guards.length === 0;
  const matters = isAsked || (!isRead && tree.labels.some(({ name }) => name === untrustedLabel));
  const asked = new Set(tasks.flatMap((task) => task.asked));
  const looked = matters
    ? await valuesOf(room, { tree, asked, given: question.arguments, operation: `${system.name}.${operation.name}` })
    : nothing;
  const isSaid = (value: SalientValue): boolean => looked.isAgreed || asked.has(room.prints.of(value).toString('base64url'));
  const facts: FlowFacts = {
    labels: tree.labels.map(treeLabel),
    values: looked.values,
    guards: operation.guards,
    purpose: matters ? purposeOf(operation.name, asked.size === 0 ? undefined : isSaid) : 'unknown',
    ...(system.upstream.inside === true ? {} : { leaves: true }),
  };
  return { facts, keys: matters ? [...keys, directoryKey] : keys };
}

function treeLabel({ name, system, operation, action }: TreeFact['labels'][number]): TreeLabel {
  return { name, source: { system, operation, action } };
}

type Looking = {
  readonly tree: TreeFact;
  readonly asked: ReadonlySet<string>;
  readonly given: ExactRecord;
  readonly operation: string;
};

/** `isAgreed`: a person said yes to this operation under this tree, after it had been asked where the information came from. */
type Looked = { readonly values: FlowFacts['values']; readonly isAgreed: boolean };

const nothing: Looked = { values: [], isAgreed: false };

async function valuesOf({ db, prints }: FlowRoom, { tree, asked, given, operation }: Looking): Promise<Looked> {
  const candidates = carriedCandidates(given);
  const carried = valuesToLookUp(candidates);
  const marks = [yesOf(operation), ...carried.map((value) => yesOf(operation, value))];
  const wanted = [...carried, ...marks].map((value) => ({ value, print: prints.of(value) }));
  const [stored, known] = await Promise.all([
    findTreeValues(
      db,
      tree.roots,
      wanted.map(({ print }) => print),
    ),
    findDestinations(db, carried),
  ]);
  const met = new Map<string, Met>();
  const byPrint = Map.groupBy(stored, ({ fingerprint }) => fingerprint.toString('base64url'));
  for (const { value, print } of wanted) {
    const name = print.toString('base64url');
    const all = (byPrint.get(name) ?? []).filter(({ root }) => !isYes(value) || root === tree.roots[0]);
    met.set(keyOf(value), {
      isRequested: asked.has(name),
      isKnown: known.has(keyOf(value)),
      trusted: meetingOf(all.filter(({ isUntrusted }) => !isUntrusted)),
      untrusted: meetingOf(all.filter(({ isUntrusted }) => isUntrusted)),
    });
  }
  const lookUp = withYes(operation, (value) => met.get(keyOf(value)));
  return {
    values: candidates.flatMap((candidate) => meetCandidate(candidate, lookUp) ?? []),
    isAgreed: isGiven(met.get(keyOf(yesOf(operation)))),
  };
}

/** The result that a value was met in first, and the labels of all. */
function meetingOf(all: readonly StoredValue[]): Met['trusted'] {
  const [first] = all;
  if (first === undefined) return undefined;
  const { system, operation, action } = first;
  return { labels: [...new Set(all.flatMap(({ labels }) => labels))], source: { system, operation, action } };
}

function keyOf({ kind, value }: SalientValue): string {
  return `${kind} ${value}`;
}
