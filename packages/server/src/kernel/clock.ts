/** Milliseconds since the epoch. An argument wherever time matters, so that tests can hold it. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

const dayMs = 86_400_000;

/** 9999-12-31: the last day that is written with four digits for the year. */
const lastDay = 2_932_896;

const twoDigits = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, '0'));

/** The days that were written last, by the end of their numbers: nearly every instant is of today or of tomorrow. */
const days = Array.from({ length: 8 }, () => ({ day: -1, text: '' }));

/** RFC 3339 in UTC with milliseconds. */
export function instant(ms: number): string {
  const day = Math.floor(ms / dayMs);
  if (!Number.isInteger(ms) || day < 0 || day > lastDay) return new Date(ms).toISOString();
  const rest = ms - day * dayMs;
  const seconds = Math.floor(rest / 1_000);
  const minutes = Math.floor(seconds / 60);
  const last = rest % 1_000;
  const clock = `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(seconds % 60)}`;
  return `${dayText(day)}${clock}.${Math.floor(last / 100)}${two(last % 100)}Z`;
}

/** `2026-01-31T`, from the number of the day since 1970. */
function dayText(day: number): string {
  const known = days[day & 7];
  if (known?.day === day) return known.text;
  const text = new Date(day * dayMs).toISOString().slice(0, 11);
  days[day & 7] = { day, text };
  return text;
}

function two(number: number): string {
  return twoDigits[number] ?? '';
}
