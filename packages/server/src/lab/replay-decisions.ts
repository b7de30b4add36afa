import { setImmediate as breathe } from 'node:timers/promises';
import type { Decision } from '@surety/contract/decision';
import type { ActionId } from '@surety/contract/id';
import type { FlipGroup, PolicyEffect } from '@surety/contract/lab';
import type { CallFacts } from '@surety/decision/call-facts';
import { decide } from '@surety/decision/decide';
import type { PolicyEngine } from '@surety/decision/policy-engine';
import { type CallInputs, readInputs } from '#decision/call-inputs';
import { inputsPlace } from '#decision/inputs-place';
import { type KeptDocuments, openKeptDocuments } from '#decision/kept-documents';
import { type Clock, instant } from '#kernel/clock';
import type { Db } from '#kernel/db';
import type { Sealer } from '#keys/seal';
import { firstIdAt } from '#ledger/live-tokens';
import { type KeptEntry, openLogReader } from '#ledger/log-reader';
import type { CountAnew } from './count-anew.ts';
import { type DocumentVersions, type Substitute, substitute, wasMadeOn } from './prepare-change.ts';

export type ReplayRoom = { readonly db: Db; readonly sealer: Sealer; readonly engine: PolicyEngine; readonly clock: Clock };

/** Documents, and the versions that they are; a change that is in force nowhere has none. */
export type Dated = { readonly documents: Substitute; readonly versions: DocumentVersions | undefined };

export type Replaying = {
  readonly days: number;
  /** How long it may take at most. */
  readonly seconds: number;
  readonly proposed: Substitute;
  /** What is in force in its place. */
  readonly current: Dated;
  /** What a cut is measured against. */
  readonly baseline: Dated;
  readonly countAnew: CountAnew;
  /** Whether a test says that calls of this operation are not to go by themselves. */
  readonly isTested: (system: string, operation: string) => boolean;
};

type Replay = PolicyEffect['replay'];

const decisionTypes = ['call.intended', 'call.denied', 'call.held'] as const;
const pageSize = 250;
/** After so many decisions other work gets its turn: this runs in a process that decides calls. */
const atOnce = 25;
const maxGroups = 2_000;
const maxTold = 200;
const day = 24 * 3600 * 1000;

/**
 * Decides recorded calls again, the newest first, once as they stand under the documents in force and once with those of the
 * change, from the inputs that were sealed beside each. In bounded memory; stops when its time is over, and says what it looked
 * at.
 */
export async function replayDecisions(room: ReplayRoom, what: Replaying): Promise<Replay> {
  const startedAt = performance.now();
  const untilMs = room.clock();
  const sinceMs = untilMs - what.days * day;
  const tally = openTally();
  const kept = openKeptDocuments(room.db, room.engine);
  const log = openLogReader(room.db);
  const ran = new Set<string>();
  let before: string | undefined;
  let complete = false;
  try {
    while (!complete && performance.now() - startedAt < what.seconds * 1000) {
      const page = await log.newest(
        { types: decisionTypes, before, after: firstIdAt(sinceMs), limit: pageSize },
        { sealed: true },
      );
      for (const [index, entry] of page.entries()) {
        if (index % atOnce === atOnce - 1) await breathe();
        if (performance.now() - startedAt >= what.seconds * 1000) break;
        before = entry.id;
        // A call that was held and then ran is told once, by what it came to.
        if (entry.type === 'call.held' && ran.has(entry.about)) continue;
        const inputs = openEntry(room.sealer, entry);
        if (entry.type !== 'call.held' && inputs?.approval) ran.add(entry.about);
        await replayOne(room, { entry, inputs, kept, what, tally });
      }
      complete = page.length < pageSize && before === (page.at(-1)?.id ?? before);
    }
  } finally {
    kept.close();
  }
  const milliseconds = Math.round(performance.now() - startedAt);
  return { since: instant(sinceMs), until: instant(untilMs), complete, milliseconds, ...tally.result() };
}

type One = {
  readonly entry: KeptEntry;
  /** Undefined when the record is gone or does not open. */
  readonly inputs: CallInputs | undefined;
  readonly kept: KeptDocuments;
  readonly what: Replaying;
  readonly tally: Tally;
};

async function replayOne({ engine }: ReplayRoom, { entry, inputs, kept, what, tally }: One): Promise<void> {
  if (inputs === undefined) return tally.unknown();
  const recorded = inputs.decision.outcome;
  // What failed while it was committed, or waited, did not fail by what the documents say.
  if (recorded !== outcomeOf(entry.type)) return;
  const facts = await kept.factsOf(inputs);
  if (facts === undefined) return tally.unknown();
  const under = async (documents: Substitute): Promise<Decided> => {
    const other = substitute(facts, documents);
    if (other === facts) return inputs.decision;
    const decided = decide(other, engine);
    if (decided.reason !== 'house.not_ready' || inputs.decision.reason === 'house.not_ready') return decided;
    // A rule or limit that is new was not counted then.
    const counted = await what.countAnew(other);
    return counted === undefined ? decided : decide(counted, engine);
  };
  const at = async ({ documents, versions }: Dated): Promise<Decided> =>
    versions !== undefined && wasMadeOn(facts, versions) ? inputs.decision : under(documents);
  const after = await under(what.proposed);
  if (after.reason === 'house.not_ready' && inputs.decision.reason !== 'house.not_ready') return tally.unknown();
  const before = await at(what.current);
  const isCut = recorded === 'permit' && after.outcome !== 'permit' && (await at(what.baseline)).outcome === 'permit';
  tally.add({
    entry,
    facts,
    recorded,
    before,
    after,
    isCut,
    isTested: isCut && what.isTested(inputs.call.system, inputs.call.operation),
  });
}

type Decided = Pick<Decision, 'outcome' | 'reason' | 'policies' | 'link'>;

function openEntry(sealer: Sealer, { about, type, sealed }: KeptEntry): CallInputs | undefined {
  if (sealed === null) return undefined;
  try {
    return readInputs(sealer.open(inputsPlace(about, type), sealed));
  } catch {
    return undefined;
  }
}

function outcomeOf(type: string): Decision['outcome'] {
  if (type === 'call.intended') return 'permit';
  return type === 'call.held' ? 'hold' : 'deny';
}

type Compared = {
  readonly entry: KeptEntry;
  readonly facts: CallFacts;
  readonly recorded: Decision['outcome'];
  readonly before: Decided;
  readonly after: Decided;
  readonly isCut: boolean;
  readonly isTested: boolean;
};

type Tally = ReturnType<typeof openTally>;

/** Counts what came out, in groups of calls that differ in the same way. */
function openTally() {
  const counts = { decisions: 0, notReplayable: 0, allowed: 0, cut: 0, cutUntested: 0, flipped: 0 };
  const groups = new Map<string, FlipGroup>();
  return {
    unknown(): void {
      counts.notReplayable += 1;
    },
    add({ entry, facts, recorded, before, after, isCut, isTested }: Compared): void {
      counts.decisions += 1;
      if (recorded === 'permit') counts.allowed += 1;
      if (isCut) counts.cut += 1;
      if (isCut && !isTested) counts.cutUntested += 1;
      if (before.outcome === after.outcome) return;
      counts.flipped += 1;
      const key = JSON.stringify([
        facts.agent?.id,
        facts.call.systemName,
        facts.call.operationName,
        before.outcome,
        after.outcome,
        before.reason,
        after.reason,
      ]);
      const group = groups.get(key);
      if (group !== undefined) return addTo(group, entry);
      if (groups.size < maxGroups) groups.set(key, groupOf({ entry, facts, before, after }));
    },
    result: () => ({
      ...counts,
      flips: [...groups.values()].toSorted((one, other) => other.calls - one.calls).slice(0, maxTold),
    }),
  };
}

function groupOf({ entry, facts, before, after }: Pick<Compared, 'entry' | 'facts' | 'before' | 'after'>): FlipGroup {
  const at = entry.at.toISOString();
  return {
    agent: facts.agent?.id ?? entry.actor,
    agentName: facts.agent?.name ?? entry.actor,
    system: facts.call.systemName,
    operation: facts.call.operationName,
    before: before.outcome,
    after: after.outcome,
    calls: 1,
    reasonBefore: before.reason,
    reasonAfter: after.reason,
    linkAfter: after.link,
    policiesAfter: [...after.policies],
    examples: [entry.about as ActionId],
    from: at,
    until: at,
  };
}

/** Entries come newest first. */
function addTo(group: FlipGroup, entry: KeptEntry): void {
  group.calls += 1;
  group.from = entry.at.toISOString();
  if (group.examples.length < 3) group.examples.push(entry.about as ActionId);
}
