import type { Decision } from '@surety/contract/decision';
import type { CallFacts } from '../src/call-facts.ts';
import { decide } from '../src/decide.ts';
import type { PolicyEngine } from '../src/policy-engine.ts';
import { buildCall } from './build-chain.ts';
import { type ChainEvent, type ChainHistory, drawHistory, readHistory } from './chain-history.ts';
import { judge } from './chain-oracle.ts';
import { openRecords, type RecordMistake } from './chain-records.ts';
import { drawFrom } from './chain-world.ts';
import { type KeptPools, openPool } from './check-chains.ts';

export type HistoryCheck = {
  readonly calls: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** How many of each thing happened. */
  readonly events: Readonly<Record<string, number>>;
  /** Of those, how many ended what had just been allowed. */
  readonly ended: Readonly<Record<string, number>>;
  /** How many times what had ended was allowed again by something that happened. */
  readonly allowedAgain: number;
  /** The first histories in which a call was decided otherwise than the oracle judged, up to that call. */
  readonly different: readonly {
    readonly seed: number;
    readonly expected: string;
    readonly found: string;
    readonly history: ChainHistory;
  }[];
};

export type HistoryOptions = {
  readonly seed: number;
  /** How many chains. */
  readonly chains: number;
  readonly kept?: KeptPools;
  readonly mistake?: RecordMistake | undefined;
};

const enough = 3;
const perPool = 4_000;

/**
 * Lets things happen to random chains, and after each holds the decision, made on records that were changed as it happened,
 * against the oracle, which reads the whole history from the beginning.
 */
export function checkHistories(
  engine: PolicyEngine,
  { seed, chains, kept = new Map(), mistake }: HistoryOptions,
  deciding: (facts: CallFacts) => Pick<Decision, 'outcome'> = (facts) => decide(facts, engine),
): HistoryCheck {
  const different: HistoryCheck['different'][number][] = [];
  const tally = openTally();
  for (let done = 0; done < chains && different.length < enough; done += perPool) {
    const poolSeed = (seed + done) >>> 0;
    const { pool, prepared } = kept.get(poolSeed) ?? openPool(engine, poolSeed);
    const draw = drawFrom(poolSeed + 2);
    for (let at = 0; at < Math.min(perPool, chains - done) && different.length < enough; at++) {
      const history = drawHistory(draw);
      const records = openRecords(history, pool, mistake);
      for (let step = 0; step <= history.steps.length; step++) {
        const { event, call } = history.steps[step - 1] ?? { event: undefined, call: history.start };
        if (event !== undefined) records.apply(event);
        const expected = judge(readHistory(history, step, pool), pool).outcome;
        const found = deciding(buildCall(records.read(call), prepared)).outcome;
        tally.add(event, found);
        if (found === expected) continue;
        different.push({ seed: poolSeed, expected, found, history: { ...history, steps: history.steps.slice(0, step) } });
        break;
      }
    }
  }
  return { ...tally.told(), different };
}

/** Counts what happened and what came of it. A call without an event before it is the first of a chain. */
function openTally() {
  const [outcomes, events, ended] = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()];
  let [calls, allowedAgain] = [0, 0];
  let before: string | undefined;
  return {
    add: (event: ChainEvent | undefined, found: string): void => {
      calls++;
      count(outcomes, found);
      if (event !== undefined) count(events, nameOf(event));
      if (event !== undefined && found === 'deny' && before !== 'deny') count(ended, nameOf(event));
      if (event !== undefined && found !== 'deny' && before === 'deny') allowedAgain++;
      before = found;
    },
    told: () => ({
      calls,
      outcomes: Object.fromEntries(outcomes),
      events: Object.fromEntries(events),
      ended: Object.fromEntries(ended),
      allowedAgain,
    }),
  };
}

function nameOf(event: ChainEvent): string {
  if (event.kind === 'mandate') return event.to === undefined ? 'mandate ended' : 'mandate given';
  if (event.kind === 'handed on') return event.behind === 0 ? 'handed on' : 'handed on meanwhile';
  return 'isActive' in event ? `${event.kind} ${event.isActive ? 'back' : 'gone'}` : event.kind;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
