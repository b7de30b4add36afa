import type { Change } from './change.ts';

/** Longer than any access token lives: an older cut-off concerns only what has expired by itself. */
export const cutOffKeptMs = 10 * 60 * 1000;

type CutOff = { readonly atMs: number; readonly number: number };

/**
 * The young cut-offs, whole in memory: until when everything that was issued for a key is dead. They are kept by the
 * monotonic clock, at least `cutOffKeptMs` and at most twice as long, in two generations.
 */
export class CutOffs {
  readonly #now: () => number;
  #young = new Map<string, CutOff>();
  #old = new Map<string, CutOff>();
  #turnedAtMs: number;

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#turnedAtMs = now();
  }

  add({ key, atMs, number }: Change): void {
    this.#turn();
    const before = this.#find(key);
    const atLeast =
      before === undefined ? { atMs, number } : { atMs: Math.max(atMs, before.atMs), number: Math.max(number, before.number) };
    this.#young.set(key, atLeast);
  }

  /** Milliseconds since the epoch: what was issued for `key` at or before is dead. */
  of(key: string): number | undefined {
    return this.#find(key)?.atMs;
  }

  /** Number of the change: what was issued for `key` when no newer one was known is dead. */
  numberOf(key: string): number | undefined {
    return this.#find(key)?.number;
  }

  #find(key: string): CutOff | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  #turn(): void {
    const now = this.#now();
    const ageMs = now - this.#turnedAtMs;
    if (ageMs < cutOffKeptMs) return;
    this.#old = ageMs < 2 * cutOffKeptMs ? this.#young : new Map();
    this.#young = new Map();
    this.#turnedAtMs = now;
  }
}
