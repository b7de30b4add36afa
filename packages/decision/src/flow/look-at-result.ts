import type { ExactValue } from '@surety/contract/exact-json';
import { type SalientValue, untrusted } from './flow-facts.ts';
import { hasProse, isCarriedAddress } from './prose.ts';
import { keyOf, salientBounds, salientValues } from './salient-values.ts';

/** Labels of an operation and of its system, and of single fields of its results, by pointer with `*` for any place in a list. */
export type ResultLabels = {
  readonly labels: readonly string[];
  readonly fields?: Readonly<Record<string, readonly string[]>> | undefined;
};

/** What a result brings into a task tree. */
export type Look = { readonly labels: readonly string[]; readonly values: readonly LookedValue[] };

export type LookedValue = SalientValue & { readonly isUntrusted: boolean; readonly labels: readonly string[] };

/**
 * Looks at a result before it is released: which labels the task gathers, and which values to follow.
 *
 * What an operation gives that no outsider writes is trusted only where it has the form of an entry: values that fill their
 * field. Prose in such a result, or an address inside longer text, came from somewhere else: it is untrusted whatever the label
 * says, because people put text into the names of channels and files.
 */
export function lookAtResult(result: ExactValue, { labels, fields = {} }: ResultLabels): Look {
  const isOutsiders = labels.includes(untrusted);
  const found = salientValues(result, salientBounds);
  const values = new Map<string, LookedValue>();
  for (const { kind, value, field, isWhole } of found) {
    const ofField = labelsAt(fields, field);
    const isUntrusted = isOutsiders || ofField.includes(untrusted) || !isWhole;
    const before = values.get(keyOf({ kind, value }));
    if (before !== undefined && (before.isUntrusted || !isUntrusted)) continue;
    const own = ofField.length === 0 ? labels : [...new Set([...labels, ...ofField])];
    values.set(keyOf({ kind, value }), { kind, value, isUntrusted, labels: own });
  }
  const speaks = found.some(isCarriedAddress) || hasProse(result);
  const ofFields = new Set(found.map(({ field }) => field));
  const gathered = [...labels, ...[...ofFields].flatMap((field) => labelsAt(fields, field)), ...(speaks ? [untrusted] : [])];
  return { labels: [...new Set(gathered)], values: [...values.values()] };
}

/** Labels of a field are those of whatever it stands in as well. */
function labelsAt(fields: Readonly<Record<string, readonly string[]>>, field: string): readonly string[] {
  return Object.entries(fields)
    .filter(([pattern]) => field === pattern || field.startsWith(`${pattern}/`))
    .flatMap(([, labels]) => labels);
}
