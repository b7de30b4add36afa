/** `14:03:12` of today, `25 Nov 14:03` of this year, `25 Nov 2025` before: local time. */
export function localTime(instant: string, nowMs: number): string {
  const at = new Date(instant);
  const now = new Date(nowMs);
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = `${at.getDate()} ${months[at.getMonth()] ?? ''}`;
  if (at.getFullYear() !== now.getFullYear()) return `${day} ${at.getFullYear()}`;
  const isToday = at.getDate() === now.getDate() && at.getMonth() === now.getMonth();
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return isToday ? `${time}:${two(at.getSeconds())}` : `${day} ${time}`;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The offset of local time at an instant, for the title of a column: `+01:00`. */
export function localOffset(nowMs: number): string {
  const minutes = -new Date(nowMs).getTimezoneOffset();
  const absolute = Math.abs(minutes);
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(absolute / 60))}:${two(absolute % 60)}`;
}

/** `60s`, `5m`, `2h` or plain seconds, in milliseconds. Undefined for anything else. */
export function readDuration(text: string): number | undefined {
  const [, digits, unit = 's'] = /^(\d{1,6})(ms|s|m|h)?$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit as 's'];
}

/** A measured duration for people: a tenth of a millisecond below ten, whole milliseconds above. */
export function tookText(milliseconds: number): string {
  return `${milliseconds < 10 ? Math.round(milliseconds * 10) / 10 : Math.round(milliseconds)} ms`;
}

/** How long until an instant: `4 min`, `12 s`, `over`. */
export function timeLeft(instant: string, nowMs: number): string {
  const seconds = Math.round((Date.parse(instant) - nowMs) / 1000);
  if (seconds <= 0) return 'over';
  return seconds < 100 ? `${seconds} s` : seconds < 6000 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
