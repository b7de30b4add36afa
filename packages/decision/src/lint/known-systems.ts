import type { Effect } from '@surety/contract/system';

/** The protected systems and what can be called on them, as far as a policy may name them. */
export type KnownSystem = {
  readonly name: string;
  readonly operations: readonly { readonly name: string; readonly effect: Effect }[];
};
