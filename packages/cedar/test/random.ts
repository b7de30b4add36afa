/** Repeatable randomness (mulberry32): the same seed, the same numbers. Not for secrets. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** 0 up to and without `below`. */
  below(below: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<One>(all: readonly One[]): One {
    return all[this.below(all.length)]!;
  }

  /** This many of something. */
  many<One>(count: number, make: (at: number) => One): One[] {
    return Array.from({ length: count }, (_, at) => make(at));
  }
}
