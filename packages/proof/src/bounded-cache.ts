/**
 * A cache that never holds more than `maxEntries`. Two generations: when the young one is half of that, the old one is
 * dropped and the young one takes its place; what is read from the old one moves to the young one, so what is in use stays.
 */
export class BoundedCache<Value> {
  private readonly perGeneration: number;
  private young = new Map<string, Value>();
  private old = new Map<string, Value>();

  constructor(maxEntries: number) {
    this.perGeneration = Math.max(1, Math.floor(maxEntries / 2));
  }

  get size(): number {
    return this.young.size + this.old.size;
  }

  get(key: string): Value | undefined {
    const young = this.young.get(key);
    if (young !== undefined) return young;
    const old = this.old.get(key);
    if (old !== undefined) {
      this.old.delete(key);
      this.set(key, old);
    }
    return old;
  }

  set(key: string, value: Value): void {
    if (this.young.size >= this.perGeneration && !this.young.has(key)) {
      this.old = this.young;
      this.young = new Map();
    }
    this.old.delete(key);
    this.young.set(key, value);
  }

  delete(key: string): void {
    this.young.delete(key);
    this.old.delete(key);
  }
}
