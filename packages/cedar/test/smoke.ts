import type { AskAll, Outcome } from './cedar-under-test.ts';
import { describe, findDifferences } from './compare.ts';
import { askOfficial } from './official-cedar.ts';
import { Random } from './random.ts';
import { type Batch, randomBatch } from './random-batch.ts';

/** Batches with what the official engine says of them, worked out once for any number of engines under test. */
export type Smoke = readonly { readonly seed: number; readonly batch: Batch; readonly official: readonly Outcome[] }[];

export function prepareSmoke(seeds: readonly number[]): Smoke {
  return seeds.map((seed) => {
    const batch = randomBatch(new Random(seed));
    return { seed, batch, official: askOfficial(batch.policies, batch.world) };
  });
}

/** The first difference in words, with its seed; undefined when there is none. */
export function firstDifference(smoke: Smoke, askOurs: AskAll): string | undefined {
  for (const { seed, batch, official } of smoke) {
    const [difference] = findDifferences(batch, official, askOurs);
    if (difference !== undefined) return `seed ${seed}: ${describe(batch, difference)}`;
  }
  return undefined;
}

/** What the smoke test runs: seeds in a row, about 70,000 cases. */
export const smokeSeeds: readonly number[] = Array.from({ length: 48 }, (_, at) => at + 1);
