import type { Tx } from '#kernel/db';
import { newId } from '#kernel/id';
import { countTokens } from './entry-store.ts';

/** Longer than any access token lives, in milliseconds. */
const longestTokenMs = 10 * 60 * 1000;

/** How many access tokens that were issued to a principal have neither expired nor been revoked at `nowMs`. */
export async function countLiveTokens(tx: Tx, principal: string, nowMs: number): Promise<number> {
  return countTokens(tx, { principal, since: firstIdAt(nowMs - longestTokenMs), now: new Date(nowMs) });
}

/** Not greater than any id of an entry made at this instant or later: the first characters of an id are its time. */
export function firstIdAt(ms: number): string {
  return newId<string>('event', Math.max(0, ms)).slice(0, 'evt_'.length + 10);
}
