import type { Call } from '@surety/contract/call';
import type { Decision, Reason } from '@surety/contract/decision';
import type { AuthenticatedCaller, BeginResult, Wait } from '@surety/contract/enforcement';
import { canonicalJson } from '@surety/contract/exact-json';
import { asksTheSame, type Question, stateAt } from '#approval/approval';
import { findQuestion } from '#approval/approval-store';
import { askApproval } from '#approval/ask-approval';
import { findGrounds } from '#approval/find-grounds';
import { voidApproval } from '#approval/void-approval';
import type { ReplayTable } from '@surety/proof/replay-table';
import type { SystemFacts } from '#catalogue/system-facts';
import type { Feed } from '#change/feed';
import { hearNewer } from '#change/hear-newer';
import type { Decider, Judged } from '#decision/decide-call';
import { type Clock, instant } from '#kernel/clock';
import type { Db } from '#kernel/db';
import { newId } from '#kernel/id';
import type { Sealer } from '#keys/seal';
import type { CommitQueue, CommitResult } from '#ledger/commit-queue';
import type { Entry } from '#ledger/record';
import type { PrincipalFacts } from '#registry/principal-facts';
import { deniedEntry, heldEntry, intendedEntry, noticeEntries, outcomeEntry } from './call-entries.ts';
import { mayGoBeside } from './may-go-beside.ts';
import { proofSpend } from './proof-spend.ts';
import { type AnswerWatch, watchAnswer } from './wait-answer.ts';

export type BeginHouse = {
  readonly db: Db;
  readonly clock: Clock;
  readonly sealer: Sealer;
  readonly feed: Feed;
  readonly queue: CommitQueue;
  readonly decider: Decider;
  readonly facts: PrincipalFacts;
  readonly systems: Pick<SystemFacts, 'byName'>;
  /** Proofs that came by this enforcement point. Nothing rests on it but whether a call waits for its commit. */
  readonly proofs: ReplayTable;
  /** Id of this enforcement point. */
  readonly point: string;
  readonly approvalSeconds: number;
  /** Actions of this point whose deed is to be settled with their outcome. */
  readonly deeds?: Set<string> | undefined;
};

/**
 * One call on its way through steps 3 to 6. `proofSpent`: the proof was spent by an earlier commit of the same request.
 * `isNew`: nothing came by here with this proof before.
 * `askedAs`: the action under which this request has asked a person.
 */
type Attempt = {
  readonly caller: AuthenticatedCaller;
  readonly call: Call;
  readonly wait: Wait;
  readonly isNew: boolean;
  proofSpent: boolean;
  askedAs?: string;
};

/** How often a call is decided again because what it was decided on changed before it was committed. */
const maxRounds = 5;

/** How long a wait goes on without looking at the question itself, in milliseconds. */
const lookEveryMs = 2_000;

/**
 * Decides a call, and commits what was decided before anything happens (steps 3 to 6 of the life of a call): the intent with
 * its spent proof and used approval, or the denial, or the question. What was decided on an older version is decided again.
 * Rejects when the record cannot be written: then nothing passes.
 */
export async function beginCall(house: BeginHouse, caller: AuthenticatedCaller, call: Call, wait: Wait): Promise<BeginResult> {
  const isNew = house.proofs.spend(caller.jkt, caller.proofId, house.clock()) === true;
  const attempt: Attempt = { caller, call, wait, isNew, proofSpent: false };
  for (let round = 0; round < maxRounds; round++) {
    house.feed.catchUp();
    const judged = await house.decider.decide(caller, call);
    const result =
      judged.decision.outcome === 'hold' ? await hold(house, attempt, judged) : await conclude(house, attempt, judged);
    if (result !== 'again') return result;
  }
  return deny(house, attempt, refusal(await house.decider.decide(caller, call), 'house.not_ready'));
}

/** Commits a permit or a denial. */
async function conclude(house: BeginHouse, attempt: Attempt, judged: Judged): Promise<BeginResult | 'again'> {
  if (judged.decision.outcome !== 'permit') return deny(house, attempt, judged);
  const what = { judged, actionId: newId<string>('action', house.clock()) };
  const go = { kind: 'go', actionId: what.actionId, decision: judged.decision } as const;
  // What is counted must leave room first.
  if (attempt.isNew && judged.counted === undefined && (await mayGoBeside(house.systems, attempt.call, judged)))
    return { ...go, durable: commitBeside(house, attempt, what) };
  const result = await commitIntent(house, attempt, what);
  if (result === 'committed') return go;
  return result === 'replayed' ? deny(house, attempt, refusal(judged, 'proof.replayed')) : 'again';
}

/**
 * Commits the intent of a call that is on its way meanwhile. It is not decided again when it was decided on what has changed:
 * it is cut, and what came back is dropped. The ledger then says that it was denied and that it may have reached the system.
 */
async function commitBeside(
  house: BeginHouse,
  attempt: Attempt,
  what: { judged: Judged; actionId: string },
): Promise<BeginResult> {
  const { judged, actionId } = what;
  const startedAt = performance.now();
  const result = await commitIntent(house, attempt, what);
  if (result === 'committed') return { kind: 'go', actionId, decision: judged.decision };
  const milliseconds = performance.now() - startedAt;
  const cut = outcomeEntry(house.clock, attempt.caller, actionId, { state: 'cut', problem: 'not_committed', milliseconds });
  const reason = result === 'replayed' ? 'proof.replayed' : 'house.not_ready';
  return deny(house, attempt, refusal(judged, reason), { action: actionId, also: [cut] });
}

/** A call that needs a person: uses a yes that was given, or asks and waits as long as the client may wait. */
async function hold(house: BeginHouse, attempt: Attempt, judged: Judged): Promise<BeginResult | 'again'> {
  const asked = { agent: attempt.caller.principal, callDigest: attempt.call.digest, requester: judged.requester };
  const known = await findQuestion(house.db, asked);
  const state = known && stateAt(known, house.clock());
  if (known && state === 'refused' && known.expiresAtMs > house.clock())
    return deny(house, attempt, refusal(judged, 'approval.refused'));
  const isOpen = known && (state === 'pending' || state === 'approved') && asksTheSame(known, groundOf(attempt.call, judged));
  const question = isOpen ? known : await ask(house, attempt, judged);
  if (question === 'replayed') return deny(house, attempt, refusal(judged, 'proof.replayed'));
  return awaitAnswer(house, attempt, { judged, question });
}

/** What a question about this call would be asked on now. */
function groundOf(call: Call, judged: Judged) {
  const { requester, effect, definition, mandate, policyVersion } = judged;
  return { callDigest: call.digest, requester, effect, definition, mandateVersion: mandate?.version ?? null, policyVersion };
}

/** Spends the proof, then parks the call durably. */
async function ask(house: BeginHouse, attempt: Attempt, judged: Judged): Promise<Question | 'replayed'> {
  if ((await spendProof(house, attempt)) === 'replayed') return 'replayed';
  const { caller, call } = attempt;
  const action = newId<string>('action', house.clock());
  attempt.askedAs = action;
  return askApproval(house, {
    action,
    agent: caller.principal,
    agentName: await nameOf(house, caller.principal),
    task: caller.task ?? '',
    answerable: await askedOf(house, caller.principal, judged),
    system: call.system,
    operation: call.operation,
    ...groundOf(call, judged),
    because: judged.decision.because,
    argumentsText: canonicalJson(call.arguments),
    heldEntry: (approval) => heldEntry(house, { caller, call, judged, action, approval }),
  });
}

/** Who is asked: whoever answers for the call, or where they asked for it themselves, the owner of the agent (AP-03). */
async function askedOf({ facts }: BeginHouse, agent: string, { answerable, requester }: Judged): Promise<string> {
  return answerable === requester ? ((await facts.agent(agent))?.owner ?? answerable) : answerable;
}

async function nameOf({ facts }: BeginHouse, agent: string): Promise<string> {
  return (await facts.agent(agent))?.name ?? agent;
}

/** Looks at the question until it is answered or the client's time is over. A yes runs only for a client that is still there. */
async function awaitAnswer(
  house: BeginHouse,
  attempt: Attempt,
  about: { judged: Judged; question: Question },
): Promise<BeginResult | 'again'> {
  const watch = watchAnswer(house.feed, about.question.id);
  try {
    return await lookUntilAnswered(house, attempt, { ...about, watch });
  } finally {
    watch.end();
  }
}

async function lookUntilAnswered(
  house: BeginHouse,
  attempt: Attempt,
  { judged, question, watch }: { judged: Judged; question: Question; watch: AnswerWatch },
): Promise<BeginResult | 'again'> {
  const { signal, holdMs } = attempt.wait;
  const until = performance.now() + holdMs;
  if ((await spendProof(house, attempt)) === 'replayed') return deny(house, attempt, refusal(judged, 'proof.replayed'));
  let isTold = false;
  for (;;) {
    const now = await findQuestion(house.db, question);
    if (now === undefined || now.id !== question.id) return deny(house, attempt, refusal(judged, 'approval.used'));
    const state = stateAt(now, house.clock());
    if (state === 'approved' && !signal.aborted) return runApproved(house, attempt, now);
    if (state === 'refused')
      return deny(house, attempt, refusal(judged, 'approval.refused'), { action: askedHere(attempt, now) });
    if (state === 'used') return deny(house, attempt, refusal(judged, 'approval.used'));
    if (state === 'expired')
      return deny(house, attempt, refusal(judged, 'approval.expired'), { action: askedHere(attempt, now) });
    const leftMs = until - performance.now();
    if (leftMs <= 0 || signal.aborted) return heldResult(house, { judged, question: now });
    if (!isTold) attempt.wait.onHeld?.(await heldResult(house, { judged, question: now }));
    isTold = true;
    await watch.wait({ ms: Math.min(leftMs, lookEveryMs), signal });
  }
}

/**
 * Decides again with the yes in hand; the yes is used in the statement that writes the intent, once. It must hold by its
 * signature, and until then: what it stands on is part of the fence.
 */
async function runApproved(house: BeginHouse, attempt: Attempt, question: Question): Promise<BeginResult | 'again'> {
  const judged = await house.decider.decide(attempt.caller, attempt.call, question);
  if (judged.decision.outcome === 'hold') return 'again'; // what was asked has changed since, so the yes counts for nothing
  if (judged.decision.outcome === 'deny') return deny(house, attempt, judged);
  const asker = { agentName: await nameOf(house, attempt.caller.principal), answerable: judged.answerable };
  const grounds = await findGrounds(house.db, question, asker);
  if (grounds === undefined) {
    await voidApproval(house, question.id);
    return 'again';
  }
  const actionId = question.action;
  const result = await commitIntent(house, attempt, { judged: standingOn(judged, grounds), actionId, approval: question.id });
  if (result === 'committed') return { kind: 'go', actionId, decision: judged.decision };
  return result === 'approval' ? deny(house, attempt, refusal(judged, 'approval.used')) : 'again';
}

/** A judgement that is void as well when one of these keys changes. */
function standingOn(judged: Judged, keys: readonly string[]): Judged {
  return { ...judged, fence: { ...judged.fence, keys: [...judged.fence.keys, ...keys] } };
}

async function commitIntent(
  house: BeginHouse,
  attempt: Attempt,
  what: { judged: Judged; actionId: string; approval?: string },
): Promise<CommitResult> {
  const { caller, call } = attempt;
  const { judged, actionId, approval } = what;
  const entry = intendedEntry(house, { caller, call, judged, action: actionId, approval: approval ?? null });
  const result = await house.queue.commit({
    entries: [entry, ...noticeEntries(house, { caller, call, judged, action: actionId })],
    spends: attempt.proofSpent ? [] : [proofSpend(caller)],
    fence: judged.fence,
    ...(approval === undefined ? {} : { approval: { id: approval, usedBy: actionId } }),
    ...(judged.counted === undefined ? {} : { deed: judged.counted.deed(actionId), metering: judged.counted.metering }),
  });
  if (result === 'committed' && judged.counted !== undefined) house.deeds?.add(actionId);
  if (result !== 'replayed' && result !== 'limit') attempt.proofSpent = true;
  if (result === 'stale') await hearNewer(house, judged.fence.change);
  return result;
}

/**
 * The action of a question that this very request asked: its end is the end of that action. Another request is an action of
 * its own.
 */
function askedHere({ askedAs }: Attempt, { action }: Question): string | undefined {
  return askedAs === action ? action : undefined;
}

/** Commits a denial. `action`: the action it is the end of, another one when left out; `also`: what is said beside it. */
async function deny(
  house: BeginHouse,
  attempt: Attempt,
  judged: Judged,
  { action, also = [] }: { action?: string | undefined; also?: readonly Entry[] } = {},
): Promise<BeginResult> {
  const { caller, call } = attempt;
  const actionId = action ?? newId<string>('action', house.clock());
  const commit = (unit: Judged) =>
    house.queue.commit({
      entries: [deniedEntry(house, { caller, call, judged: unit, action: actionId }), ...also],
      spends: attempt.proofSpent || unit.decision.reason === 'proof.replayed' ? [] : [proofSpend(caller)],
    });
  const result = await commit(judged);
  if (result !== 'replayed') return { kind: 'refused', actionId, decision: judged.decision };
  const replayed = refusal(judged, 'proof.replayed');
  await commit(replayed);
  return { kind: 'refused', actionId, decision: replayed.decision };
}

async function spendProof(house: BeginHouse, attempt: Attempt): Promise<CommitResult> {
  if (attempt.proofSpent) return 'committed';
  const result = await house.queue.commit({ entries: [], spends: [proofSpend(attempt.caller)] });
  attempt.proofSpent = result === 'committed';
  return result;
}

type Held = Extract<BeginResult, { kind: 'held' }>;

async function heldResult(house: BeginHouse, { judged, question }: { judged: Judged; question: Question }): Promise<Held> {
  const answerable = await house.facts.human(question.answerable);
  return {
    kind: 'held',
    actionId: question.action,
    approvalId: question.id,
    expiresAt: instant(question.expiresAtMs),
    answerableName: answerable?.displayName ?? question.answerable,
    decision: judged.decision,
  };
}

const words: Partial<Record<Reason, string>> = {
  'proof.replayed': 'The proof of this request was used before, so nothing was done.',
  'approval.refused': 'A person refused exactly this call.',
  'approval.used': 'The yes for this call has been used. Each yes is for one call.',
  'approval.expired': 'Nobody answered in time, so the call is refused.',
  'house.not_ready': 'What this was decided on kept changing, so nothing was done. Try again in a moment.',
};

/** The same judgement, turned into a no for a reason that the decision itself could not know. */
function refusal(judged: Judged, reason: Reason): Judged {
  const link = reason.startsWith('approval.') ? 'approval' : 'house';
  const decision: Decision = {
    ...judged.decision,
    outcome: 'deny',
    reason,
    link,
    because: words[reason] ?? judged.decision.because,
  };
  return { ...judged, decision };
}
