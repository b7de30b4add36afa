import type { Obligations } from '@surety/contract/obligations';
import { cedarLiteral } from '../cedar-text.ts';
import { quoteOdd } from '../constraint-words.ts';

/** What must be done with a call, as parts of a sentence: `/email of what comes back is masked`. */
export function obligationWords(obligations: Obligations | undefined): readonly string[] {
  if (obligations === undefined) return [];
  const { mask = [], clamp = {}, notify, record } = obligations;
  return [
    ...(mask.length === 0
      ? []
      : [`of what comes back ${mask.map(quoteOdd).join(', ')} ${mask.length === 1 ? 'is' : 'are'} masked`]),
    ...Object.entries(clamp).map(([pointer, most]) => `${quoteOdd(pointer)} is brought down to ${most}`),
    ...(notify === undefined ? [] : [`a person is told (${cedarLiteral(notify)})`]),
    ...(record === true ? ['what comes back is kept'] : []),
  ];
}
