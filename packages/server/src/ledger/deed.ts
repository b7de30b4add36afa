/** What an agent does, as limits and rules about the past count it (migration 0017). */
export type Deed = {
  readonly action: string;
  /** The task at the top of the tree. */
  readonly root: string;
  readonly task: string;
  readonly agent: string;
  /** The agents that it is done for, the root's first. */
  readonly above: readonly string[];
  /** The owner of each agent of the chain. */
  readonly owners: readonly string[];
  readonly requester: string;
  /** Who answers at the root. */
  readonly person: string;
  readonly system: string;
  readonly operation: string;
  readonly effect: string;
  readonly atMs: number;
  /** Keyed fingerprints of plain values by JSON pointer; several where an argument is a list of them. */
  readonly prints: Readonly<Record<string, readonly string[]>>;
  /** Whether `prints` holds every plain value. */
  readonly isWhole: boolean;
  /** Numbers that some limit or rule sums, as decimals, by JSON pointer. */
  readonly amounts: Readonly<Record<string, string>>;
  /** How many rows of results it asks for, where something counts them. */
  readonly rows: number | null;
};

/**
 * What changes about a deed when its outcome is known: a call that surely did nothing is released, and counts no more but for
 * pace; `rows`: how many came, where they were counted. What is done, and what may have been done, goes on counting as it is.
 */
export type Settlement = { readonly action: string; readonly isReleased: boolean; readonly rows?: number | undefined };

/** What is to be counted: `CountQuery` of the decision with values as fingerprints. */
export type DeedQuery = {
  readonly root?: string | undefined;
  /** One of these made it, or had it made. */
  readonly agents?: readonly string[] | undefined;
  readonly owner?: string | undefined;
  readonly requester?: string | undefined;
  readonly person?: string | undefined;
  readonly of: readonly DeedPattern[];
  readonly same: readonly Printed[];
  readonly measure: DeedMeasure;
  /** Whether an argument that is not known is not meant; elsewhere it is. */
  readonly isStrict: boolean;
};

/** `*` stands for any characters in `actions`, and for any system. */
export type DeedPattern = {
  readonly system: string;
  readonly actions: readonly string[];
  readonly effects?: readonly string[] | undefined;
  readonly where: readonly Printed[];
};

/** An argument by JSON pointer, and the fingerprints of which it must have one. */
export type Printed = { readonly at: string; readonly prints: readonly string[] };

export type DeedMeasure =
  | { readonly kind: 'count' | 'pace' | 'rows' }
  | { readonly kind: 'sum'; readonly at: string; readonly unit?: Printed | undefined }
  | { readonly kind: 'distinct'; readonly at: string };

/** Whether a query counts a deed that is about to be written: the same answer that the database gives of it afterwards. */
export function countsDeed(query: DeedQuery, deed: Deed): boolean {
  const { of, same, measure, isStrict } = query;
  if (!isBy(query, deed) || !of.some((pattern) => meansDeed(pattern, deed, isStrict))) return false;
  const unknown = !isStrict && !deed.isWhole;
  if (!same.every(({ at, prints }) => hasPrint(deed, at, prints) ?? unknown)) return false;
  if (measure.kind !== 'sum') return true;
  const isInUnit = measure.unit === undefined || hasPrint(deed, measure.unit.at, measure.unit.prints) === true;
  return deed.amounts[measure.at] !== undefined && isInUnit;
}

function isBy({ root, agents, owner, requester, person }: DeedQuery, deed: Deed): boolean {
  return (
    (root === undefined || root === deed.root) &&
    (agents === undefined || [...deed.above, deed.agent].some((agent) => agents.includes(agent))) &&
    (owner === undefined || deed.owners.includes(owner)) &&
    (requester === undefined || requester === deed.requester) &&
    (person === undefined || person === deed.person)
  );
}

function meansDeed({ system, actions, effects, where }: DeedPattern, deed: Deed, isStrict: boolean): boolean {
  return (
    (system === '*' || system === deed.system) &&
    actions.some((action) => new RegExp(`^${action.split('*').map(escapeRegExp).join('.*')}$`, 'su').test(deed.operation)) &&
    (effects === undefined || effects.includes(deed.effect)) &&
    where.every(({ at, prints }) => hasPrint(deed, at, prints) ?? !isStrict)
  );
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

/** Undefined when nothing plain is known at the pointer. */
function hasPrint({ prints: known }: Deed, at: string, prints: readonly string[]): boolean | undefined {
  return known[at]?.some((print) => prints.includes(print));
}
