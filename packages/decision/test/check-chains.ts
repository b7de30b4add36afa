import type { Decision } from '@surety/contract/decision';
import type { CallFacts } from '../src/call-facts.ts';
import { couldPermit } from '../src/could-permit.ts';
import { decide } from '../src/decide.ts';
import type { PolicyEngine } from '../src/policy-engine.ts';
import { buildCall, preparePool } from './build-chain.ts';
import { judge } from './chain-oracle.ts';
import { type ChainWorld, drawFrom, drawPool, drawWorld } from './chain-world.ts';

export type ChainCheck = {
  readonly outcomes: Readonly<Record<string, number>>;
  /** By the link that refused, as the oracle names it. */
  readonly refused: Readonly<Record<string, number>>;
  /** By the reason of the decision. */
  readonly reasons: Readonly<Record<string, number>>;
  /** By the number of agents: how many were drawn, and how many of them were not denied. */
  readonly lengths: Readonly<Record<string, number>>;
  readonly allowed: Readonly<Record<string, number>>;
  /** The first chains that were decided otherwise than the oracle judged; empty when all is well. */
  readonly different: readonly {
    readonly seed: number;
    readonly expected: string;
    readonly found: string;
    readonly world: ChainWorld;
  }[];
};

/** After so many chains that were decided otherwise there is nothing more to learn. */
const enough = 3;

/** How many chains are drawn from one pool. */
const perPool = 4_000;

/**
 * Decides random chains and holds each against the oracle. `deciding` is what is tested; a control hands in one with a
 * planted mistake, which must come out as different.
 */
export function checkChains(
  engine: PolicyEngine,
  { seed, chains, kept = new Map() }: { readonly seed: number; readonly chains: number; readonly kept?: KeptPools },
  deciding: (facts: CallFacts) => Pick<Decision, 'outcome' | 'reason'> = (facts) => decide(facts, engine),
): ChainCheck {
  const counts = { outcomes: counter(), refused: counter(), reasons: counter(), lengths: counter(), allowed: counter() };
  const different: ChainCheck['different'][number][] = [];
  for (let done = 0; done < chains && different.length < enough; done += perPool) {
    const poolSeed = (seed + done) >>> 0;
    const { pool, prepared } = kept.get(poolSeed) ?? openPool(engine, poolSeed);
    const draw = drawFrom(poolSeed + 1);
    for (let at = 0; at < Math.min(perPool, chains - done) && different.length < enough; at++) {
      const world = drawWorld(draw);
      const expected = judge(world, pool);
      const facts = buildCall(world, prepared);
      const found = deciding(facts);
      counts.outcomes.add(found.outcome);
      counts.reasons.add(found.reason);
      counts.lengths.add(String(world.links.length));
      if (found.outcome !== 'deny') counts.allowed.add(String(world.links.length));
      if (expected.refusing !== undefined) counts.refused.add(expected.refusing);
      const isListed = facts.operation !== undefined && couldPermit(facts, [facts.operation], engine).size > 0;
      const hides = expected.outcome !== 'deny' && !isListed;
      if (found.outcome !== expected.outcome || hides)
        different.push({ seed: poolSeed, expected: expected.outcome, found: hides ? 'not listed' : found.outcome, world });
    }
  }
  const { outcomes, refused, reasons, lengths, allowed } = counts;
  return {
    outcomes: outcomes.counts,
    refused: refused.counts,
    reasons: reasons.counts,
    lengths: lengths.counts,
    allowed: allowed.counts,
    different,
  };
}

/** Pools that were prepared before, by seed: taking one in costs more than the chains drawn from it. */
export type KeptPools = ReadonlyMap<number, ReturnType<typeof openPool>>;

export function openPool(engine: PolicyEngine, seed: number) {
  const pool = drawPool(drawFrom(seed));
  return { pool, prepared: preparePool(engine, pool) };
}

function counter() {
  const counts: Record<string, number> = {};
  return { counts, add: (name: string) => (counts[name] = (counts[name] ?? 0) + 1) };
}
