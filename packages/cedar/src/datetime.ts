import { Duration, msPer } from './duration.ts';
import { isLong } from './long.ts';

const form =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{3}))?(?:(Z)|([+-])([0-9]{2})([0-9]{2})))?$/;

/** Cedar's `datetime`: milliseconds since the epoch in a signed 64-bit integer. */
export class Datetime {
  readonly kind = 'datetime';
  readonly ms: bigint;

  constructor(ms: bigint) {
    this.ms = ms;
  }

  equals(other: object): boolean {
    return other instanceof Datetime && this.ms === other.ms;
  }

  get key(): string {
    return `t${this.ms}`;
  }
}

/** Reads `YYYY-MM-DD`, and that with `Thh:mm:ss` or `Thh:mm:ss.SSS` and `Z` or `+hhmm`. Undefined otherwise: no leap seconds. */
export function readDatetime(text: string): Datetime | undefined {
  const found = form.exec(text);
  if (found === null) return undefined;
  const number = (group: number): number => Number(found[group] ?? 0);
  const [year, month, day, hour, minute, second] = [number(1), number(2), number(3), number(4), number(5), number(6)];
  const [offsetHours, offsetMinutes] = [number(10), number(11)];
  if (hour > 23 || minute > 59 || second > 59 || offsetHours > 23 || offsetMinutes > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  date.setUTCHours(hour, minute, second, number(7));
  const offsetMs = (offsetHours * 60 + offsetMinutes) * 60_000;
  return new Datetime(BigInt(date.getTime() - (found[9] === '-' ? -offsetMs : offsetMs)));
}

/** The start of the day in UTC; undefined where it is before all that a datetime can hold. */
export function startOfDay({ ms }: Datetime): Datetime | undefined {
  const start = ms - timeOfDay(ms);
  return isLong(start) ? new Datetime(start) : undefined;
}

/** How long the day in UTC has lasted. */
export function sinceStartOfDay({ ms }: Datetime): Duration {
  return new Duration(timeOfDay(ms));
}

function timeOfDay(ms: bigint): bigint {
  const rest = ms % msPer.day;
  return rest < 0n ? rest + msPer.day : rest;
}
