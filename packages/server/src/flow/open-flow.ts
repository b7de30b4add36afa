import type { Feed } from '#change/feed';
import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';
import { createFingerprints, type Fingerprints } from './fingerprints.ts';
import { type FlowQuestion, type GatheredFlow, gatherFlow } from './gather-flow.ts';
import { createLookKeeper, type LookKeeper } from './keep-look.ts';
import { openTreeFacts } from './tree-facts.ts';

/** The flow of information: what trees of tasks have seen, and where the values of a call were met. */
export type Flow = LookKeeper & {
  readonly prints: Fingerprints;
  /** What a decision may look at, and the keys whose change makes it another. */
  gather(question: FlowQuestion): Promise<GatheredFlow>;
};

export type FlowOptions = {
  readonly db: Db;
  readonly feed: Feed;
  readonly clock: Clock;
  /** 32 bytes, the same on every node. */
  readonly key: Buffer;
};

export function openFlow({ db, feed, clock, key }: FlowOptions): Flow {
  const prints = createFingerprints(key);
  const trees = openTreeFacts({ db, feed });
  return {
    prints,
    gather: (question) => gatherFlow({ db, trees, prints }, question),
    ...createLookKeeper({ db, clock, feed, trees, prints }),
  };
}
