/**
 * What is known of where information came from, when one call is decided: labels of everything that its task tree has seen,
 * and where each value in its arguments that matters was first met. Undefined in `CallFacts` where no rule asks.
 */
export type FlowFacts = {
  /** What the task tree has gathered, each label once, with the result that brought it first. */
  readonly labels: readonly TreeLabel[];
  /** Values found in the arguments, by pointer; several for one pointer when text carries several. */
  readonly values: readonly CarriedValue[];
  /** Arguments that say where something goes, who may have it or what is touched (`find-guards.ts`). */
  readonly guards: readonly Guard[];
  /** Whether what was asked for speaks of such an operation at all (`purpose.ts`). */
  readonly purpose: Purpose;
  /** Whether the system stands outside the organisation: then what is asked of it leaves, also where it only reads. */
  readonly leaves?: boolean;
};

/** Which result something came from. */
export type FlowSource = { readonly system: string; readonly operation: string; readonly action: string };

export type TreeLabel = { readonly name: string; readonly source: FlowSource };

/** The label of whatever an outsider can write. Rules of the house look at it; every other label is the organisation's own. */
export const untrusted = 'untrusted';
/** The label of what must reach no place that nobody named. */
export const secret = 'secret';

/** What kind of value it is, which says how it is written one way only (`normal-form.ts`). */
export const salientKinds = ['email', 'url', 'host', 'iban', 'account', 'phone', 'id', 'date', 'name', 'text', 'word'] as const;
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
  /** JSON pointer (RFC 6901) into the arguments; of the first of several arguments that a value was split across. */
  readonly pointer: string;
  readonly kind: SalientKind;
  /** Whether the value is all that the argument holds; else longer text carries it. */
  readonly isWhole: boolean;
  readonly found: FoundAt;
  /** Labels of the result it was met in. */
  readonly labels: readonly string[];
  /** The result it was met in first, for `trusted` and `untrusted`. */
  readonly source?: FlowSource;
};

/**
 * What an argument decides: `destination` where something goes (a recipient, an address, an account); `authority` who may do
 * something from then on (a member, a permission, a password); `target` what is changed or removed (an id, a path).
 */
export type GuardOf = 'destination' | 'authority' | 'target';

/** `pointer` of an argument as the schema has it: a list or a record below it is guarded as a whole. */
export type Guard = { readonly pointer: string; readonly of: GuardOf };

/** `unknown` where nobody said in words what the task is for. */
export type Purpose = 'asked' | 'outside' | 'unknown';
