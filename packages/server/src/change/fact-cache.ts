import { Fault } from '#kernel/fault';
import type { Feed } from './feed.ts';

export type FactCacheOptions<Value> = {
  readonly feed: Pick<Feed, 'onChange' | 'catchUp'>;
  /** How many facts are kept at most. One that was used longest ago, or nearly, goes first. */
  readonly max: number;
  /** One keyed read of the primary database. */
  readonly load: (key: string) => Promise<Value | undefined>;
  /** Every key whose change makes the fact stale. */
  readonly keysOf: (key: string, value: Value) => readonly string[];
};

export type FactCache<Value> = {
  /**
   * The fact, read when it is not kept. Never older than the newest change that was applied when this was called. Fault
   * `service.not_ready` when it changes faster than it can be read.
   */
  get(key: string): Promise<Value | undefined>;
  /** The fact if it is kept. */
  peek(key: string): Value | undefined;
};

/** `movedAt`: how many facts had been kept when this one was last moved to the end. */
type Kept<Value> = { readonly value: Value; readonly keys: readonly string[]; movedAt: number };
type Fill<Value> = { readonly promise: Promise<Value | undefined>; readonly overtaken: Set<string> };

/** How often a fact is read that changes overtake each time. After that nobody can say what is true. */
const maxReads = 5;

/**
 * A bounded cache of facts that live in the database, made stale by changes (ADR-0004). While a fact is read, the
 * keys of the changes that pass are collected; a fact that one of them concerns is read again, so no fill can bring
 * back what a change has ended. What does not exist is not kept.
 */
export function createFactCache<Value>(options: FactCacheOptions<Value>): FactCache<Value> {
  return new FeedCache(options);
}

class FeedCache<Value> implements FactCache<Value> {
  readonly #options: FactCacheOptions<Value>;
  /**
   * In the order of use, the oldest first. A fact in use moves to the end again only when an eighth of all room was given
   * away since it last did: where nothing new is kept, reading moves nothing.
   */
  readonly #kept = new Map<string, Kept<Value>>();
  #keeps = 0;
  readonly #byChange = new Map<string, Set<string>>();
  readonly #fills = new Map<string, Fill<Value>>();

  constructor(options: FactCacheOptions<Value>) {
    this.#options = options;
    options.feed.onChange(({ key }) => this.#stale(key));
  }

  peek(key: string): Value | undefined {
    this.#options.feed.catchUp();
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    if (this.#keeps - kept.movedAt > this.#options.max / 8) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      kept.movedAt = this.#keeps;
    }
    return kept.value;
  }

  async get(key: string): Promise<Value | undefined> {
    return this.peek(key) ?? (this.#fills.get(key) ?? this.#fill(key)).promise;
  }

  #fill(key: string): Fill<Value> {
    const overtaken = new Set<string>();
    // The read begins after this fill is known, so that no change can pass between the two.
    const read = Promise.resolve().then(() => this.#read(key, overtaken));
    const fill = { overtaken, promise: read.finally(() => this.#fills.delete(key)) };
    this.#fills.set(key, fill);
    return fill;
  }

  async #read(key: string, overtaken: Set<string>): Promise<Value | undefined> {
    const { load, keysOf, feed } = this.#options;
    for (let reads = 1; ; reads++) {
      overtaken.clear();
      const value = await load(key);
      feed.catchUp();
      const keys = value === undefined ? [key] : keysOf(key, value);
      if (!keys.some((one) => overtaken.has(one))) {
        if (value !== undefined) this.#keep(key, { value, keys, movedAt: ++this.#keeps });
        return value;
      }
      if (reads === maxReads) throw new Fault('service.not_ready', 'a fact changes faster than it can be read');
    }
  }

  #keep(key: string, kept: Kept<Value>): void {
    this.#forget(key);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size < this.#options.max) break;
      this.#forget(oldest);
    }
    this.#kept.set(key, kept);
    for (const one of kept.keys) {
      const facts = this.#byChange.get(one);
      if (facts === undefined) this.#byChange.set(one, new Set([key]));
      else facts.add(key);
    }
  }

  #stale(change: string): void {
    for (const fill of this.#fills.values()) fill.overtaken.add(change);
    for (const key of this.#byChange.get(change) ?? []) this.#forget(key);
  }

  #forget(key: string): void {
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    this.#kept.delete(key);
    for (const one of kept.keys) {
      const facts = this.#byChange.get(one);
      facts?.delete(key);
      if (facts?.size === 0) this.#byChange.delete(one);
    }
  }
}
