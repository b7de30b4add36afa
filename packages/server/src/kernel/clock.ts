/** Milliseconds since the epoch. An argument wherever time matters, so that tests can hold it. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

/** RFC 3339 in UTC with milliseconds. */
export function instant(ms: number): string {
  return new Date(ms).toISOString();
}
