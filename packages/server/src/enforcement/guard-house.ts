import type { Call } from '@surety/contract/call';
import type { Decision } from '@surety/contract/decision';
import type { Admission, AuthenticatedCaller, BeginResult, CallOutcome, GuardHouse, Look } from '@surety/contract/enforcement';
import type { NonceSource } from '@surety/proof/nonce';
import { createReplayTable } from '@surety/proof/replay-table';
import type { Authenticator } from '#authn/authenticate';
import { openSystemCredential } from '#broker/system-credential';
import type { SystemFacts } from '#catalogue/system-facts';
import { createFactCache } from '#change/fact-cache';
import { hearNewer } from '#change/hear-newer';
import type { AuthorityFacts } from '#delegation/authority-facts';
import type { Flow } from '#flow/open-flow';
import { Fault } from '#kernel/fault';
import { errorFields, type Log } from '#kernel/log';
import { beginCall, type BeginHouse } from './begin-call.ts';
import { commitSeen, type SeenPlace } from './commit-seen.ts';
import { outcomeEntry } from './call-entries.ts';
import type { InFlight } from './in-flight.ts';
import { lookWithYes } from './look-with-yes.ts';
import { proofSpend } from './proof-spend.ts';
import { settlementOf } from './settlement.ts';
import { sealPayload } from './seal-payload.ts';

export type GuardRoom = Omit<BeginHouse, 'proofs' | 'deeds'> & {
  readonly authenticator: Authenticator;
  readonly nonces: NonceSource;
  readonly systems: SystemFacts;
  readonly inFlight: InFlight;
  readonly authority: Pick<AuthorityFacts, 'task'>;
  /** What trees of tasks have seen. */
  readonly flow: Pick<Flow, 'keep' | 'kept'>;
  /** Has a system read again soon. */
  readonly reread: (systemId: string) => void;
  readonly log: Log;
};

/** Proofs that are known to have come by here, of the last minutes. When there are more, no call goes beside its commit. */
const maxProofs = 131_072;

/** Systems whose sealed credential is kept in memory, opened only when it is used. */
const maxCredentials = 1_000;

/** How often an outcome is tried again when the database does not answer, and how long apart in milliseconds. */
const settleTries = 40;
const settleEveryMs = 250;

/** The house as a guard in the same process sees it (ARCHITECTURE.md, the life of a call). */
export function openGuardHouse(room: GuardRoom): GuardHouse {
  const running = new Map<string, Running>();
  const house = { ...room, proofs: createReplayTable({ capacity: maxProofs }), deeds: new Set<string>() };
  const credentials = createFactCache({
    feed: room.feed,
    max: maxCredentials,
    load: (id) => openSystemCredential(room.db, room.sealer, id),
    keysOf: (id) => [id],
  });
  return {
    authenticate: (head) => room.authenticator.authenticate(head),
    nonce: () => room.nonces.issue(room.clock()),
    system: (name) => room.systems.byName(name),
    listable: (caller, system) => room.decider.listable(caller, system),
    noticeChange: ({ id }) => room.reread(id),
    admit: (caller) => admit(room, caller),
    begin: async (caller, call, wait) => {
      const isRunning = (result: BeginResult): BeginResult => {
        if (result.kind === 'go') running.set(result.actionId, { caller, call, decision: result.decision });
        return result;
      };
      const result = await failClosed(room, beginCall(house, caller, call, wait));
      if (result.kind !== 'go' || result.durable === undefined) return isRunning(result);
      return { ...result, durable: failClosed(room, result.durable).then(isRunning) };
    },
    isLive: room.inFlight.isLive,
    onEnd: room.inFlight.onEnd,
    systemCredential: async (system) => (system.credentialPlace === undefined ? undefined : credentials.get(system.id)),
    settle: async (actionId, outcome, look) => {
      const known = running.get(actionId);
      if (known === undefined) throw new Fault('internal', 'an outcome without an intent of this point');
      const operation = (await room.systems.byName(known.call.system))?.operations.get(known.call.operation);
      await settle(house, { ...known, actionId, outcome, look: lookWithYes(look, known, operation) });
      running.delete(actionId);
      house.deeds.delete(actionId);
    },
    noteSeen: (caller, { name }, operation, look) => noteSeen(room, { caller, system: name, operation, look }),
  };
}

/** A call that went out, until its outcome is written. */
type Running = { readonly caller: AuthenticatedCaller; readonly call: Call; readonly decision: Decision };

/** A request that only reads the catalogue: the caller's standing is judged, and the proof spent, once. */
async function admit(room: GuardRoom, caller: AuthenticatedCaller): Promise<Admission> {
  for (let round = 0; round < 3; round++) {
    room.feed.catchUp();
    const standing = await room.decider.standing(caller);
    if (standing.decision.outcome !== 'permit') return { ok: false, decision: standing.decision };
    const spends = round === 0 ? [proofSpend(caller)] : [];
    const result = await failClosed(room, room.queue.commit({ entries: [], spends, fence: standing.fence }));
    if (result === 'committed') return { ok: true };
    if (result === 'replayed') throw new Fault('dpop.proof_replayed');
    await hearNewer(room, standing.fence.change);
  }
  throw new Fault('service.not_ready');
}

/**
 * Writes the outcome; the answer waits for it. While the database does not answer it is tried again, for a while: what
 * happened is known only here. After that the outcome stays unknown and the answer is not released.
 */
async function settle(
  room: GuardRoom & { readonly deeds: ReadonlySet<string> },
  what: Running & { actionId: string; outcome: CallOutcome; look: Look | undefined },
): Promise<void> {
  const { caller, call, actionId, outcome, look } = what;
  const entry = outcomeEntry(room.clock, caller, actionId, sealPayload(room.sealer, actionId, outcome));
  const place = { caller, system: call.system, operation: call.operation, action: actionId, look };
  const settles = room.deeds.has(actionId) ? settlementOf(actionId, outcome) : undefined;
  for (let tries = settleTries; ; tries--) {
    try {
      return await commitSeen(room, place, (seen) => room.queue.commit({ entries: [entry], spends: [], settles, ...seen }));
    } catch (thrown) {
      if (tries === 0) throw notReady(room, thrown);
      await new Promise((resolve) => setTimeout(resolve, settleEveryMs));
    }
  }
}

/** What is released outside of an answer. */
function noteSeen(room: GuardRoom, place: Omit<SeenPlace, 'action'>): Promise<void> {
  const note = commitSeen(room, { ...place, action: '' }, async (seen) =>
    Object.keys(seen).length === 0 ? 'committed' : room.queue.commit({ entries: [], spends: [], ...seen }),
  );
  return failClosed(room, note);
}

async function failClosed<Result>(room: GuardRoom, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (thrown) {
    throw thrown instanceof Fault ? thrown : notReady(room, thrown);
  }
}

function notReady(room: GuardRoom, thrown: unknown): Fault {
  room.log.error(errorFields(thrown), 'the record could not be written, so nothing passes');
  return new Fault('service.not_ready', undefined, { cause: thrown });
}
