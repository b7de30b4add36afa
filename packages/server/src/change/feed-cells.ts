/**
 * What the feed's worker and the thread that decides share without waiting for each other: four numbers of 64 bits. The
 * worker hands over changes first, then `newest`, then the lease; so whoever reads a number finds what it stands for.
 */
export type FeedCells = BigInt64Array<SharedArrayBuffer>;

const places = { newest: 0, applied: 1, sentNs: 2, sentWallMs: 3 } as const;

export function openCells(memory = new SharedArrayBuffer(8 * Object.keys(places).length)): FeedCells {
  return new BigInt64Array(memory);
}

/** Number of the newest change that was handed over. */
export function newestOf(cells: FeedCells): number {
  return Number(Atomics.load(cells, places.newest));
}

export function putNewest(cells: FeedCells, number: number): void {
  Atomics.store(cells, places.newest, BigInt(number));
}

/** Number of the newest change whose consequences have been drawn. */
export function appliedOf(cells: FeedCells): number {
  return Number(Atomics.load(cells, places.applied));
}

export function putApplied(cells: FeedCells, number: number): void {
  Atomics.store(cells, places.applied, BigInt(number));
}

/** When a poll was sent: monotonic, the same for all threads of a process; and by the wall clock, to see it jump. */
export type Sent = { readonly ns: bigint; readonly wallMs: number };

export function sentNow(): Sent {
  return { ns: process.hrtime.bigint(), wallMs: Date.now() };
}

/** Starts the lease anew from the instant at which an answered poll was sent. */
export function putSent(cells: FeedCells, sent: Sent): void {
  Atomics.store(cells, places.sentWallMs, BigInt(sent.wallMs));
  Atomics.store(cells, places.sentNs, sent.ns);
}

/**
 * How old the newest answered poll is, in milliseconds; infinite before the first. The greater of both clocks: a machine
 * that slept did not count monotonic time, and its wall clock jumps forward when it wakes.
 */
export function ageMs(cells: FeedCells): number {
  const ns = Atomics.load(cells, places.sentNs);
  if (ns === 0n) return Number.POSITIVE_INFINITY;
  const wallMs = Date.now() - Number(Atomics.load(cells, places.sentWallMs));
  return Math.max(Number(process.hrtime.bigint() - ns) / 1e6, wallMs);
}
