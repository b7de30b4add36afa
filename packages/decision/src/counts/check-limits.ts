import type { Limit } from '@surety/contract/limits';
import type { CompileIssue } from '../compile-permissions.ts';

/** What of limits could never be counted as it is written, by JSON pointer into the document. */
export function checkLimits(limits: readonly Limit[]): readonly CompileIssue[] {
  return limits.flatMap(({ of, measure, max }, at) => {
    const path = `/limits/${at}`;
    const texts = of.flatMap(({ actions, where = {} }) => [
      ...actions,
      ...Object.entries(where).flatMap(([pointer, { in: listed }]) => [pointer, ...listed]),
    ]);
    const isOdd = texts.some((text) => typeof text === 'string' && !text.isWellFormed());
    const isWhole = typeof measure !== 'string' && 'sum' in measure ? true : /^\d+$/.test(max);
    return [
      ...(isOdd ? [{ path: `${path}/of`, message: 'the text is not well-formed Unicode' }] : []),
      ...(isWhole ? [] : [{ path: `${path}/max`, message: 'what is counted here is whole' }]),
    ];
  });
}
