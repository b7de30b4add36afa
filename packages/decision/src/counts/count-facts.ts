/**
 * What was counted before one call, in flight included: of every limit that concerns it, in the mandate of its agent and of
 * each agent above, and of every rule about history. Absent from the facts of a call that nothing of the kind concerns.
 */
export type CountFacts = {
  readonly limits: readonly LimitCount[];
  readonly history: readonly HistoryCount[];
};

/** What one limit has counted in its window. */
export type LimitCount = {
  /** Whose mandate the limit stands in, counted from the root of the chain; the caller last. */
  readonly at: number;
  /** Place of the limit in that mandate. */
  readonly limit: number;
  /** A decimal: how much, how many calls, or how many distinct values. */
  readonly used: string;
  /** Of distinct values: how many of those of this call are among them already. */
  readonly known?: number | undefined;
};

/** What one rule of the organisation has found in the past. */
export type HistoryCount = {
  readonly rule: string;
  /** A decimal: how many calls, how much, or how many distinct values. */
  readonly found: string;
  /** The action that was found first, for whoever asks why. */
  readonly action?: string | undefined;
};
