import type { CallPattern, Measure } from '@surety/contract/limits';

/**
 * What is to be counted of the past. The same for every call that the same limit or rule concerns, but for whom it is about
 * and, in a rule, what must be the same as in this call.
 */
export type CountQuery = {
  readonly who: Who;
  readonly of: readonly CallPattern[];
  /** An argument of the earlier call must be one of these texts (`plain-text.ts`). */
  readonly same: readonly { readonly there: string; readonly texts: readonly string[] }[];
  readonly measure: Measure;
  /** How far back, in milliseconds; the whole task, when null. */
  readonly withinMs: number | null;
  /**
   * Whether what the past does not tell counts as not so: for what must have happened. Elsewhere it counts as so: an argument
   * that was not given, or not plain, is one that is meant.
   */
  readonly isStrict: boolean;
};

/** Whose calls: all that is given must be so. An agent's are also those that were made for it further down. */
export type Who = {
  /** The task at the root. */
  readonly root?: string;
  /** One of these agents made it, or had it made. */
  readonly agents?: readonly string[];
  /** The owner of an agent that made it or had it made. */
  readonly owner?: string;
  /** Who asked at the root: a person or an agent. */
  readonly requester?: string;
  /** The person who answers at the root. */
  readonly person?: string;
};
