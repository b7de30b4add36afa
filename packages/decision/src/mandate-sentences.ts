import { defaultHops } from '@surety/contract/delegation';
import type { Conditions } from '@surety/contract/constraint';
import type { Hours, MandateDocument, Permission } from '@surety/contract/mandate';
import { cedarLiteral } from './cedar-text.ts';
import { constraintWords, quoteOdd } from './constraint-words.ts';
import { limitSentence } from './counts/limit-words.ts';
import { obligationWords } from './obligations/obligation-words.ts';

/**
 * A mandate in words, for the person who signs it and for everyone who reads it later: how far the agent goes by
 * itself, one sentence a permission that names every constraint, and what it may pass on. Made from the document alone,
 * always the same.
 */
export function mandateSentences(document: MandateDocument): string[] {
  const until = `until ${dateWords(document.expiresAt)}`;
  const autonomy = `${autonomyWords[document.autonomy]}, ${until}.`;
  const own = document.permissions.map((permission) => `${permissionWords(permission, 'May call')}; ${until}.`);
  const limits = (document.limits ?? []).map(limitSentence);
  return [autonomy, ...(own.length === 0 ? ['May call nothing.'] : own), ...limits, ...passingSentences(document, until)];
}

/** What may be passed on, where the document says anything of it or there is something to pass on. */
function passingSentences({ permissions, passesOn = true, passOn = [], maxDepth }: MandateDocument, until: string): string[] {
  if (maxDepth === 0) return ['Passes nothing on to other agents.'];
  const passing = passOn.map(
    (permission) => `${permissionWords(permission, 'May pass on to other agents, and not do itself, to call')}; ${until}.`,
  );
  const hops = `over at most ${hopWords(maxDepth ?? defaultHops)}`;
  const own = passesOn
    ? `May pass on to other agents what it may do itself, ${hops}.`
    : `May not pass on what it may do itself${passing.length === 0 ? '' : `; other things ${hops}`}.`;
  return [...(permissions.length > 0 || passing.length > 0 ? [own] : []), ...passing];
}

function hopWords(count: number): string {
  return `${count} ${count === 1 ? 'hop' : 'hops'}`;
}

export const autonomyWords: Readonly<Record<MandateDocument['autonomy'], string>> = {
  observe: 'Only reads, whatever else is permitted below',
  propose: 'Asks a person before everything but reading',
  act_within_limits:
    'Acts by itself within these limits; asks a person before what nothing here bounds, where that is money, final, external or unknown',
  act: 'Acts by itself within these limits',
};

export function permissionWords({ system, actions, where, hours, hold = [], obligations }: Permission, verb: string): string {
  const calls = actions.includes('*')
    ? `every operation of ${system}`
    : listWords(
        actions.map((action) => quoteOdd(`${system}.${action}`)),
        'or',
      );
  const limits = [
    ...(where === undefined ? [] : [`when ${conditionWords(where)}`]),
    ...(hours === undefined ? [] : [hoursWords(hours)]),
  ];
  const asks = hold.map(({ when, because }) => {
    const occasion = when === undefined ? 'every time' : `when ${conditionWords(when)}, or when that cannot be told`;
    return `asks a person ${occasion} (${cedarLiteral(because)})`;
  });
  return [[`${verb} ${calls}`, ...limits].join(' '), ...asks, ...obligationWords(obligations)].join('; ');
}

/** All the conditions, joined: `/amount is at most 250 and /currency is "EUR"`. Empty conditions are no limit. */
export function conditionWords(conditions: Conditions): string {
  const words = Object.entries(conditions).flatMap(([pointer, constraint]) => constraintWords(pointer, constraint));
  return words.length === 0 ? 'anything is given' : listWords(words, 'and');
}

const dayNames = {
  mon: 'Monday',
  tue: 'Tuesday',
  wed: 'Wednesday',
  thu: 'Thursday',
  fri: 'Friday',
  sat: 'Saturday',
  sun: 'Sunday',
} as const;

/** `between 08:00 and 18:00 in Europe/Berlin on Monday or Friday`. */
export function hoursWords({ from, until, zone, days }: Hours): string {
  const on =
    days === undefined
      ? ''
      : ` on ${listWords(
          [...new Set(days)].map((day) => dayNames[day]),
          'or',
        )}`;
  const overnight = until <= from ? ' of the next day' : '';
  return `between ${from} and ${until}${overnight} in ${quoteOdd(zone)}${on}`;
}

function listWords(words: readonly string[], joint: 'and' | 'or'): string {
  return words.length <= 1 ? words.join('') : `${words.slice(0, -1).join(', ')} ${joint} ${words.at(-1)}`;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `31 Dec 2026 18:00 UTC`, to the second when that matters. */
export function dateWords(instant: string): string {
  const at = new Date(instant);
  const time = at.toISOString().slice(11, 19);
  const day = `${at.getUTCDate()} ${months[at.getUTCMonth()]} ${at.getUTCFullYear()}`;
  return `${day} ${time.endsWith(':00') ? time.slice(0, 5) : time} UTC`;
}
