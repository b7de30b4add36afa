import { textArray, timeArray } from './binary-arrays.ts';
import type { Deed } from './deed.ts';

/** The columns that a deed is written to, and their types. */
export const deedColumns = 'action, root, agent, system, operation, at, body';
export const deedTypes = ['text', 'text', 'text', 'text', 'text', 'timestamptz', 'jsonb'] as const;

/** The values of one deed, for {@link deedColumns}. */
export function deedValues(deed: Deed): unknown[] {
  return [deed.action, deed.root, deed.agent, deed.system, deed.operation, new Date(deed.atMs), bodyOf(deed)];
}

/** The same of many, an array for each column. */
export function deedArrays(deeds: readonly Deed[]): readonly unknown[] {
  return [
    textArray(deeds.map(({ action }) => action)),
    textArray(deeds.map(({ root }) => root)),
    textArray(deeds.map(({ agent }) => agent)),
    textArray(deeds.map(({ system }) => system)),
    textArray(deeds.map(({ operation }) => operation)),
    timeArray(deeds.map(({ atMs }) => atMs)),
    deeds.map(bodyOf),
  ];
}

/** See migration 0017. */
function bodyOf({ task, above, owners, requester, person, effect, prints, isWhole, amounts, rows }: Deed): string {
  return JSON.stringify({
    task,
    ...(above.length === 0 ? {} : { above }),
    owners,
    requester,
    person,
    effect,
    arguments: prints,
    ...(isWhole ? {} : { partial: true }),
    amounts,
    ...(rows === null ? {} : { rows }),
  });
}
