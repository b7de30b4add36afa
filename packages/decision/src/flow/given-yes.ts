import type { Effect } from '@surety/contract/system';
import type { Candidate, Met } from './carried-values.ts';
import type { Guard, SalientValue } from './flow-facts.ts';
import { guardOver } from './guard-over.ts';

/** Money and what cannot be put back are asked about each time: a yes to one such call says nothing of the next. */
const final: ReadonlySet<Effect> = new Set(['money', 'destructive', 'unknown']);

/** Whether a yes to a call of this effect may spare the next question about the same action and destination under its task. */
export function coversNext(effect: Effect): boolean {
  return !final.has(effect);
}

/**
 * What a task remembers of a yes, so that the same action is not asked about twice for the same destination: the operation, and
 * every destination, right, object, address and number of the call that was agreed to, each for that operation alone. What else
 * may be asked about a call is asked again. So is what only decoding or joining makes of it: that nobody saw who said yes.
 */
export function yesValues(
  operation: string,
  candidates: readonly Candidate[],
  guards: readonly Guard[],
): readonly SalientValue[] {
  const agreed = candidates.filter(
    ({ pointer, isWhole, isDerived }) => !isDerived && (!isWhole || guardOver(guards, pointer) !== undefined),
  );
  return [yesOf(operation), ...agreed.flatMap(({ values }) => values.map((value) => yesOf(operation, value)))];
}

/**
 * The mark of a yes to an operation; of a value, to that value there. No value of a result is ever written like it: none holds
 * a NUL.
 */
export function yesOf(operation: string, value?: SalientValue): SalientValue {
  const parts = value === undefined ? [operation] : [operation, value.kind, value.value];
  return { kind: 'text', value: ['yes', ...parts].join('\0') };
}

/** Whether a value is such a mark. It holds for the tree that it stands in, and for none that goes on from it. */
export function isYes({ kind, value }: SalientValue): boolean {
  return kind === 'text' && value.startsWith('yes\0');
}

/** What was met where, with what a yes to this operation covers counted as asked for. */
export function withYes(
  operation: string,
  lookUp: (value: SalientValue) => Met | undefined,
): (value: SalientValue) => Met | undefined {
  return (value) => {
    const met = lookUp(value);
    if (!isGiven(lookUp(yesOf(operation, value)))) return met;
    return { isKnown: false, ...met, isRequested: true };
  };
}

/** Whether a mark stands in the tree. */
export function isGiven(met: Met | undefined): boolean {
  return met !== undefined && (met.isRequested || met.trusted !== undefined);
}
