import type { Decision } from '@surety/contract/decision';
import type { CallFacts } from '@surety/decision/call-facts';
import { decide } from '@surety/decision/decide';
import type { PolicyEngine } from '@surety/decision/policy-engine';
import type { Feed } from '#change/feed';
import type { Db } from '#kernel/db';
import { errorFields, type Log } from '#kernel/log';
import { prepareDocuments, type Substitute, substitute } from './prepare-change.ts';
import { labKey } from './proposal-life.ts';
import { listProposalsIn } from './proposal-store.ts';
import { addShadowTally, type ShadowDifference } from './shadow-store.ts';

export type ShadowRoom = {
  readonly db: Db;
  readonly engine: PolicyEngine;
  readonly feed: Pick<Feed, 'onChange'>;
  readonly log: Log;
  /** How often what was counted is kept, in milliseconds. */
  readonly keepEveryMs?: number;
  /** Looked at beside the work at most, at a time; what comes above that is skipped, and counted as such. */
  readonly maxWaiting?: number;
};

/** Decides live calls by proposals as well. Nothing here can reach the decision that was made. */
export type Shadow = {
  /** Takes note of a decision. Returns at once, and never throws. */
  note(facts: CallFacts, decision: Decision): void;
  /** Resolves when what was noted is counted and kept. */
  settled(): Promise<void>;
  close(): Promise<void>;
};

type Noted = { readonly facts: CallFacts; readonly decision: Decision };

/** Differences of a kind that are told apart, of one proposal. */
const maxKinds = 500;
/** After so many decisions other work gets its turn. */
const atOnce = 10;

/** Opens the shadow of this node. Proposals in shadow are read now and whenever they change. */
export function openShadow({ db, engine, feed, log, keepEveryMs = 2_000, maxWaiting = 2_000 }: ShadowRoom): Shadow {
  let candidates: readonly Candidate[] = [];
  let reading: Promise<void> = Promise.resolve();
  let draining: NodeJS.Immediate | undefined;
  const waiting: Noted[] = [];

  const read = async (): Promise<void> => {
    const proposals = await listProposalsIn(db, 'shadow');
    const known = new Map(candidates.map((one) => [one.id, one]));
    await keep(candidates.filter(({ id }) => !proposals.some((one) => one.id === id)));
    candidates = proposals.map(({ id, change }) => known.get(id) ?? openCandidate(id, prepareDocuments(engine, change)));
  };
  const refresh = (): void => {
    reading = reading.then(read).catch((thrown: unknown) => log.warn(errorFields(thrown), 'proposals in shadow cannot be read'));
  };
  const keep = async (those: readonly Candidate[]): Promise<void> => {
    for (const one of those) {
      const tally = one.take();
      if (tally === undefined) continue;
      await addShadowTally(db, tally).catch((thrown: unknown) => log.warn(errorFields(thrown), 'what a shadow counted is lost'));
    }
  };
  const drain = (): void => {
    draining = undefined;
    for (const noted of waiting.splice(0, atOnce)) for (const candidate of candidates) compare(candidate, noted, engine);
    if (waiting.length > 0) draining = setImmediate(drain);
  };
  const stopListening = feed.onChange(({ key }) => {
    if (key === labKey) refresh();
  });
  const keepNow = (): void => {
    reading = reading.then(() => keep(candidates));
  };
  const timer = setInterval(keepNow, keepEveryMs).unref();
  refresh();

  const settled = async (): Promise<void> => {
    while (waiting.length > 0) drain();
    if (draining !== undefined) clearImmediate(draining);
    draining = undefined;
    keepNow();
    await reading;
  };
  return {
    note(facts, decision) {
      if (candidates.length === 0) return;
      if (waiting.length >= maxWaiting) {
        for (const candidate of candidates) candidate.skip();
        return;
      }
      waiting.push({ facts, decision });
      draining ??= setImmediate(drain);
    },
    settled,
    async close() {
      stopListening();
      clearInterval(timer);
      await settled();
    },
  };
}

function compare(candidate: Candidate, { facts, decision }: Noted, engine: PolicyEngine): void {
  try {
    const other = substitute(facts, candidate.documents);
    const after = other === facts ? decision : decide(other, engine);
    // What a new rule would have counted is not known here.
    if (after.reason === 'house.not_ready' && decision.reason !== 'house.not_ready') candidate.skip();
    else candidate.count({ facts, before: decision, after });
  } catch {
    candidate.skip();
  }
}

type Candidate = ReturnType<typeof openCandidate>;

/** One proposal in shadow, and what this node has counted of it since it last told. */
function openCandidate(id: string, documents: Substitute) {
  let counts = { decisions: 0, differing: 0, skipped: 0 };
  let kinds = new Map<string, ShadowDifference>();
  return {
    id,
    documents,
    skip: (): void => void (counts.skipped += 1),
    count({ facts, before, after }: { readonly facts: CallFacts; readonly before: Decision; readonly after: Decision }): void {
      counts.decisions += 1;
      if (before.outcome === after.outcome) return;
      counts.differing += 1;
      const place = { agent: facts.agent?.id ?? '', system: facts.call.systemName, operation: facts.call.operationName };
      const how = { before: before.outcome, after: after.outcome, reasonBefore: before.reason, reasonAfter: after.reason };
      const key = JSON.stringify([place, how]);
      const at = new Date(facts.nowMs).toISOString();
      const known = kinds.get(key);
      if (known !== undefined) kinds.set(key, { ...known, decisions: known.decisions + 1, lastAt: at });
      else if (kinds.size < maxKinds) kinds.set(key, { ...place, ...how, decisions: 1, firstAt: at, lastAt: at });
    },
    take() {
      if (counts.decisions === 0 && counts.skipped === 0) return undefined;
      const tally = { proposal: id, ...counts, differences: [...kinds.values()] };
      counts = { decisions: 0, differing: 0, skipped: 0 };
      kinds = new Map();
      return tally;
    },
  };
}
