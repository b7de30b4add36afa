import type { Call } from '@surety/contract/call';
import type { AuthenticatedCaller, CallOutcome } from '@surety/contract/enforcement';
import type { Judged } from '#decision/decide-call';
import { inputsPlace } from '#decision/inputs-place';
import type { Clock } from '#kernel/clock';
import { type Sealer, sealedDigest } from '#keys/seal';
import { type Entry, entryOf } from '#ledger/record';

type EntryHouse = { readonly clock: Clock; readonly sealer: Sealer; readonly point: string };

/** One decided call, as the ledger tells it. `action` is what the entries about it have in common. */
type Decided = { readonly caller: AuthenticatedCaller; readonly call: Call; readonly judged: Judged; readonly action: string };

export function intendedEntry(house: EntryHouse, what: Decided & { readonly approval: string | null }): Entry {
  const { sealed, data } = decided(house, what, 'call.intended');
  return entryOf(
    { ...about(what), type: 'call.intended', data: { ...data, approval: what.approval, point: house.point }, sealed },
    house.clock,
  );
}

export function deniedEntry(house: EntryHouse, what: Decided): Entry {
  const { sealed, data } = decided(house, what, 'call.denied');
  return entryOf({ ...about(what), type: 'call.denied', data, sealed }, house.clock);
}

export function heldEntry(house: EntryHouse, what: Decided & { readonly approval: string }): Entry {
  const { sealed, data } = decided(house, what, 'call.held');
  return entryOf({ ...about(what), type: 'call.held', data: { ...data, approval: what.approval }, sealed }, house.clock);
}

/** What became of a call that was intended. */
export function outcomeEntry(clock: Clock, caller: AuthenticatedCaller, action: string, outcome: CallOutcome): Entry {
  const common = { actor: caller.principal, about: action, ...(caller.task === undefined ? {} : { task: caller.task }) };
  const { milliseconds } = outcome;
  if (outcome.state === 'completed') {
    const data = { resultDigest: outcome.resultDigest ?? null, resultBytes: outcome.resultBytes ?? null, milliseconds };
    return entryOf({ ...common, type: 'call.completed', data }, clock);
  }
  const data = { problem: outcome.problem ?? 'unknown', milliseconds };
  return entryOf({ ...common, type: outcome.state === 'cut' ? 'call.cut' : 'call.failed', data }, clock);
}

function about({ caller, action }: Decided) {
  return { actor: caller.principal, about: action, ...(caller.task === undefined ? {} : { task: caller.task }) };
}

function decided(
  { sealer }: EntryHouse,
  { caller, call, judged, action }: Decided,
  type: 'call.intended' | 'call.denied' | 'call.held',
) {
  const sealed = sealer.seal(inputsPlace(action, type), judged.inputs);
  const { decision } = judged;
  const data = {
    agent: caller.principal,
    answerable: judged.answerable,
    credential: caller.credential,
    system: call.system,
    operation: call.operation,
    effect: judged.effect,
    callDigest: call.digest,
    reason: decision.reason,
    link: decision.link,
    policies: [...decision.policies],
    mandate: judged.mandate?.id ?? null,
    mandateVersion: judged.mandate?.version ?? null,
    policyVersion: judged.policyVersion,
    change: judged.fence.change,
    inputs: sealedDigest(sealed),
  };
  return { sealed, data };
}
