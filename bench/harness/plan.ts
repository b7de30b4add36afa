import type { Row } from './row.ts';

/** How a benchmark is to be run. */
export type Plan = {
  /** Small rounds: to see that it works, not what it costs. */
  readonly quick: boolean;
  /** Servers on one CPU, load on another, where the computer has two and can do it. */
  readonly pin: boolean;
  /** Folder for CPU profiles of our own servers; undefined: none are taken. */
  readonly profileFolder: string | undefined;
  /** Folder of recorded runs (docs/reference/traces.md), for `effect`. */
  readonly traces?: string | undefined;
  /** How many of these runs go through the gateway; as many as the benchmark takes by itself when left out. */
  readonly gatewayRuns?: number | undefined;
  /** Tells a person what is going on; never standard output. */
  readonly say: (line: string) => void;
};

/** A benchmark hands over each row as soon as it is known. */
export type Bench = (plan: Plan, give: (row: Row) => void) => Promise<void>;
