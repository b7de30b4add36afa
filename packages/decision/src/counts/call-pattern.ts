import type { ExactRecord } from '@surety/contract/exact-json';
import type { CallPattern } from '@surety/contract/limits';
import { pointerKeys, valueAt } from '../argument-facts.ts';
import { matchesPattern } from '../cedar-text.ts';
import { listedTexts, plainTexts } from './plain-text.ts';

/** A call as patterns see it. */
export type PatternedCall = {
  readonly system: string;
  readonly operation: string;
  readonly effect: string;
  readonly arguments: ExactRecord;
};

/**
 * Whether a pattern means this call. What an argument is compared with must be plain and given to be another: leaving it out, or
 * hiding it in a list or an object, never gets around a limit.
 */
export function meansCall({ system, actions, effects, where = {} }: CallPattern, call: PatternedCall): boolean {
  if (system !== '*' && system !== call.system) return false;
  if (!actions.some((action) => matchesPattern(action, call.operation))) return false;
  if (effects !== undefined && !effects.some((effect) => effect === call.effect)) return false;
  return Object.entries(where).every(([pointer, { in: listed }]) => {
    const given = plainTexts(valueAt(call.arguments, pointer));
    return given === undefined || given.some((text) => listedTexts(listed).includes(text));
  });
}

/** One spelling for every pointer, as the past was written down under it. */
export function spellPointer(pointer: string): string {
  return pointerKeys(pointer)
    .map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}
