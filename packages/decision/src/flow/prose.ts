import { type ExactValue, isExactList, isExactRecord } from '@surety/contract/exact-json';
import type { SalientKind } from './flow-facts.ts';

/** Most words of a line that is still a plain entry; beyond it is prose, which can say anything to a model. */
const longestEntry = 10;

/** Whether a line holds prose. A long line of quoted or listed entries does not: what stands between its marks is short. */
export function isProse(line: string): boolean {
  return line.split(/[,;:|{}[\]"]|' /).some((part) => (part.match(/\p{L}{2,}/gu)?.length ?? 0) > longestEntry);
}

/** Whether somewhere in a result somebody speaks: prose in a value, or in the name of one. */
export function hasProse(part: ExactValue): boolean {
  if (typeof part === 'string') return part.split('\n').some(isProse);
  if (isExactList(part)) return part.some(hasProse);
  return isExactRecord(part) && Object.entries(part).some(([name, one]) => isProse(name) || hasProse(one));
}

const addressKinds: ReadonlySet<string> = new Set(['email', 'url', 'host', 'iban', 'account', 'phone'] satisfies SalientKind[]);

/** An address inside longer text: somebody put it there for somebody to read. */
export function isCarriedAddress({ kind, isWhole }: { readonly kind: string; readonly isWhole: boolean }): boolean {
  return !isWhole && addressKinds.has(kind);
}
