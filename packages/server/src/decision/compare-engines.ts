import { randomInt } from 'node:crypto';
import type { Decision } from '@surety/contract/decision';
import type { CallFacts } from '@surety/decision/call-facts';
import { digestCall } from '@surety/decision/call-digest';
import { openCedarWasm } from '@surety/decision/cedar-wasm-engine';
import { decide } from '@surety/decision/decide';
import type { PolicyEngine } from '@surety/decision/policy-engine';
import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';
import { errorFields, type Log } from '#kernel/log';
import { type Sealer, sealedDigest } from '#keys/seal';
import { record } from '#ledger/record';
import { inputsPlace } from './inputs-place.ts';

/** A decision as it was made, on what, and the record of that. */
export type Sample = { readonly facts: CallFacts; readonly decision: Decision; readonly inputs: Buffer };

/** What came of comparing, on this node since it started. `dropped`: what was drawn while too many waited. */
export type Compared = { readonly share: number; readonly compared: number; readonly differed: number; readonly dropped: number };

export type Comparison = {
  /** Draws this decision or leaves it. Never throws, and does no more here than put it aside. */
  note(sample: Sample): void;
  counts(): Compared;
  /** Resolves when everything that was drawn has been compared and what differed is recorded. */
  settled(): Promise<void>;
};

export type ComparisonRoom = {
  readonly db: Db;
  readonly clock: Clock;
  readonly sealer: Pick<Sealer, 'seal'>;
  readonly log: Log;
  /** Of all decisions, from 0 to 1. */
  readonly share: number;
  /** The official engine, when left out. */
  readonly official?: PolicyEngine;
  readonly random?: () => number;
};

/** How many may wait to be compared: each holds what it was decided on in memory. */
const maxWaiting = 64;

/** As much of the official engine's memory as a comparison may take; it parses a set anew when more are asked about. */
const officialLimits = { maxSets: 128, maxPolicies: 2_048 } as const;

/**
 * Has the official Cedar decide a share of the calls again, off the path: one between two turns of the event loop. Ours is
 * compared with it before every release; this finds what neither that nor the corpus has thought of. A difference is a
 * finding in the ledger and an error in the log, and the status shows it. The decision that was made stands: both engines
 * deny on an error, and whoever has tampered with one must not get the other's answer for it.
 */
export function openComparison(room: ComparisonRoom): Comparison | undefined {
  const { share, random = draw } = room;
  if (share <= 0) return undefined;
  const official = room.official ?? openCedarWasm(officialLimits);
  const waiting: Sample[] = [];
  const counts = { compared: 0, differed: 0, dropped: 0 };
  let left = nextIn(share, random());
  let running: Promise<void> | undefined;
  const turn = async (): Promise<void> => {
    for (let sample = waiting.shift(); sample !== undefined; sample = waiting.shift()) {
      await new Promise((resolve) => setImmediate(resolve));
      counts.compared++;
      const other = decide(sample.facts, official);
      if (wordsOf(other) === wordsOf(sample.decision)) continue;
      counts.differed++;
      await tell(room, sample, other);
    }
    running = undefined;
  };
  return {
    note: (sample) => {
      if (--left > 0) return;
      left = nextIn(share, random());
      if (waiting.length >= maxWaiting) return void counts.dropped++;
      waiting.push(sample);
      running ??= turn();
    },
    counts: () => ({ share, ...counts }),
    settled: async () => running,
  };
}

/** A number from 0 to below 1. */
function draw(): number {
  return randomInt(2 ** 32) / 2 ** 32;
}

/** After how many decisions the next one is drawn: at random, on average one of so many. Nothing is drawn for the others. */
function nextIn(share: number, drawn: number): number {
  return 1 + Math.floor(drawn * (2 / share - 1));
}

/** What two engines have to agree on: the outcome, why, and the policies that determined it. */
function wordsOf({ outcome, reason, link, policies, obligations }: Decision): string {
  return JSON.stringify([outcome, reason, link, policies, obligations ?? null]);
}

async function tell(
  { db, clock, sealer, log }: ComparisonRoom,
  { facts, decision, inputs }: Sample,
  other: Decision,
): Promise<void> {
  const { agent, call, organisation } = facts;
  const { systemName: system, operationName: operation } = call;
  const said = { ours: saidOf(decision), official: saidOf(other) };
  log.error({ system, operation, ...said }, 'the official Cedar decides a call otherwise than ours: do not trust this node');
  try {
    const sealed = sealer.seal(inputsPlace('engine', 'engine.differed'), inputs);
    const principal = agent?.id ?? 'nobody';
    await db.transaction((tx) =>
      record(tx, clock, {
        type: 'engine.differed',
        actor: 'house',
        about: 'engine',
        data: {
          agent: principal,
          callDigest: digestCall({ agent: principal, system, operation, arguments: call.arguments }),
          system,
          operation,
          ...said,
          policyVersion: organisation?.version ?? 0,
          inputs: sealedDigest(sealed),
        },
        sealed,
      }),
    );
  } catch (thrown) {
    log.error(errorFields(thrown), 'that finding could not be recorded');
  }
}

/** `deny mandate.constraint: mandate:man_…/p1`, cut to what an event holds. */
function saidOf({ outcome, reason, policies }: Decision): string {
  return `${outcome} ${reason}: ${policies.join(' ')}`.slice(0, 1_000);
}
