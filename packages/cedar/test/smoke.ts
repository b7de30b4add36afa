import type { AskAll, Outcome } from './cedar-under-test.ts';
import { corpusBatches } from './corpus.ts';
import { describe, findDifferences } from './compare.ts';
import { askOfficial } from './official-cedar.ts';
import { Random } from './random.ts';
import { type Batch, randomBatch } from './random-batch.ts';

/** Batches with what the official engine says of them, worked out once for any number of engines under test. */
export type Smoke = readonly { readonly seed: number | 'corpus'; readonly batch: Batch; readonly official: readonly Outcome[] }[];

/** The corpus, and random batches of these seeds. */
export function prepareSmoke(seeds: readonly number[]): Smoke {
  const random = seeds.map((seed) => ({ seed, batch: randomBatch(new Random(seed)) }));
  const corpus = corpusBatches().map((batch) => ({ seed: 'corpus' as const, batch }));
  return [...random, ...corpus].map((one) => ({ ...one, official: askOfficial(one.batch.policies, one.batch.world) }));
}

/** The first difference in words, with its seed; undefined when there is none. */
export function firstDifference(smoke: Smoke, askOurs: AskAll): string | undefined {
  for (const { seed, batch, official } of smoke) {
    const [difference] = findDifferences(batch, official, askOurs);
    if (difference !== undefined) return `seed ${seed}: ${describe(batch, difference)}`;
  }
  return undefined;
}

/** What the smoke test runs: seeds in a row, about 50,000 cases. */
export const smokeSeeds: readonly number[] = Array.from({ length: 50 }, (_, at) => at + 1);
