/**
 * What is known of where information came from, when one call is decided: labels of everything that its task tree has seen,
 * and where each value in its arguments that matters was first met. Undefined in {@link CallFacts} where no rule asks.
 */
export type FlowFacts = {
  /** What the task tree has gathered, each label once, with the result that brought it first. */
  readonly labels: readonly TreeLabel[];
  /** Values found in the arguments, by pointer; several for one pointer when text carries several. */
  readonly values: readonly CarriedValue[];
  /** Pointers of arguments that say where something goes or who may have it. */
  readonly guards: readonly string[];
};

/** Which result something came from. */
export type FlowSource = { readonly system: string; readonly operation: string; readonly action: string };

export type TreeLabel = { readonly name: string; readonly source: FlowSource };

/** What kind of value it is, which says how it is written one way only (`salient.ts`). */
export const salientKinds = ['email', 'url', 'host', 'iban', 'account', 'phone', 'id', 'name', 'text'] as const;
export type SalientKind = (typeof salientKinds)[number];

/** A value worth following, written one way only. */
export type SalientValue = { readonly kind: SalientKind; readonly value: string };

/**
 * Where a value was met: stated by who asked, over a channel that this person authenticated; in the organisation's directory of
 * known destinations; in a result that no outsider can write; in one that an outsider can write; or nowhere.
 */
export type FoundAt = 'request' | 'directory' | 'trusted' | 'untrusted' | 'nowhere';

/** One value of the arguments and where it was met. It holds no text of the value: that is in the arguments. */
export type CarriedValue = {
  /** JSON pointer (RFC 6901) into the arguments. */
  readonly pointer: string;
  readonly kind: SalientKind;
  readonly found: FoundAt;
  /** Labels of the result it was met in. */
  readonly labels: readonly string[];
  /** The result it was met in first, for `trusted` and `untrusted`. */
  readonly source?: FlowSource;
};
