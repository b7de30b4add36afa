/** Paces the restarts of something that keeps ending. */
export type BackOff = {
  /** Whether another start may be tried now. */
  mayStart(): boolean;
  started(): void;
  ended(): void;
};

const firstMs = 500;
const maxMs = 30_000;

/** After the n-th end in a row waits 0.5 s × 2^(n−1), at most 30 s; having lived for 30 s starts the count again. */
export function createBackOff(now: () => number = () => performance.now()): BackOff {
  let ends = 0;
  let startedAt = 0;
  let notBefore = 0;
  return {
    mayStart: () => now() >= notBefore,
    started: () => {
      startedAt = now();
    },
    ended: () => {
      ends = startedAt > 0 && now() - startedAt >= maxMs ? 1 : ends + 1;
      startedAt = 0;
      notBefore = now() + Math.min(maxMs, firstMs * 2 ** (ends - 1));
    },
  };
}
