import type { Hours } from '@surety/contract/mandate';

const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
type Weekday = (typeof weekdays)[number];

/** A time of day and week somewhere, ready to be asked. `key` is its one spelling, under which policies name it. */
export type HoursWindow = {
  readonly key: string;
  readonly isOpen: (nowMs: number) => boolean;
};

const keyForm =
  /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d) (\S{1,60})(?: ((?:mon|tue|wed|thu|fri|sat|sun)(?:,(?:mon|tue|wed|thu|fri|sat|sun))*))?$/;

/** `08:00-18:00 Europe/Berlin mon,tue`: days in the order of the week, left out when it is every day. */
export function hoursKey({ from, until, zone, days }: Hours): string {
  const named = weekdays.filter((day) => days === undefined || days.includes(day));
  return `${from}-${until} ${zone}${named.length === weekdays.length ? '' : ` ${named.join(',')}`}`;
}

/** Reads such a key. Undefined when it is not one, or when its time zone is not known here. */
export function readHoursKey(key: string): HoursWindow | undefined {
  const [, , , , , zone, days] = keyForm.exec(key) ?? [];
  if (zone === undefined) return undefined;
  const hours = {
    from: key.slice(0, 5),
    until: key.slice(6, 11),
    zone,
    ...(days === undefined ? {} : { days: days.split(',') as Weekday[] }),
  };
  const window = openHours(hours);
  return window && { ...window, key };
}

/**
 * Hours that can be asked of an instant. The wall clock of the zone decides, so a day of 23 or 25 hours needs no care.
 * `from` counts, `until` does not; `until` not after `from` runs into the next day, and `days` names the day it began
 * on. Undefined when the time zone is not known.
 */
export function openHours(hours: Hours): HoursWindow | undefined {
  const clock = wallClock(hours.zone);
  if (clock === undefined) return undefined;
  const from = minutes(hours.from);
  const until = minutes(hours.until);
  const days = new Set<string>(hours.days ?? weekdays);
  const isOpen = (nowMs: number): boolean => {
    const { minute, weekday } = clock(nowMs);
    const today = days.has(weekdays[weekday] ?? '');
    if (from < until) return today && minute >= from && minute < until;
    const yesterday = days.has(weekdays[(weekday + 6) % 7] ?? '');
    return (today && minute >= from) || (yesterday && minute < until);
  };
  return { key: hoursKey(hours), isOpen };
}

function minutes(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
}

type WallClock = (ms: number) => { readonly minute: number; readonly weekday: number };

function wallClock(zone: string): WallClock | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
    });
  } catch {
    return undefined;
  }
  return (ms) => {
    const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
    const weekday = weekdays.indexOf((parts['weekday'] ?? '').toLowerCase() as Weekday);
    return { minute: Number(parts['hour']) * 60 + Number(parts['minute']), weekday };
  };
}
