/** Milliseconds since the epoch. An argument wherever time matters, so that tests can hold it. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

const dayMs = 86_400_000;

/** 9999-12-31: the last day that is written with four digits for the year. */
const lastDay = 2_932_896;

const twoDigits = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, '0'));

/** The day that was written last, as nearly every instant is of today: what it is called follows from its number. */
const today = { day: 0, text: '1970-01-01T' };

/** RFC 3339 in UTC with milliseconds. */
export function instant(ms: number): string {
  const day = Math.floor(ms / dayMs);
  if (!Number.isInteger(ms) || day < 0 || day > lastDay) return new Date(ms).toISOString();
  if (day !== today.day) Object.assign(today, { day, text: new Date(ms).toISOString().slice(0, 11) });
  const rest = ms - day * dayMs;
  const seconds = Math.floor(rest / 1_000);
  const minutes = Math.floor(seconds / 60);
  const last = rest % 1_000;
  const clock = `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(seconds % 60)}`;
  return `${today.text}${clock}.${Math.floor(last / 100)}${two(last % 100)}Z`;
}

function two(number: number): string {
  return twoDigits[number] ?? '';
}
