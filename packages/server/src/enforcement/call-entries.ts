import type { Call } from '@surety/contract/call';
import type { AuthenticatedCaller } from '@surety/contract/enforcement';
import type { EventBody } from '@surety/contract/events';
import { digestCall } from '@surety/decision/call-digest';
import { clampArguments } from '@surety/decision/obligations/clamp-arguments';
import type { Judged } from '#decision/decide-call';
import { inputsPlace } from '#decision/inputs-place';
import type { Clock } from '#kernel/clock';
import { type Sealer, sealedDigest } from '#keys/seal';
import { type Entry, entryOf } from '#ledger/record';
import type { SealedOutcome } from './seal-payload.ts';

type EntryHouse = { readonly clock: Clock; readonly sealer: Sealer; readonly point: string };

/** One decided call, as the ledger tells it. `action` is what the entries about it have in common. */
type Decided = { readonly caller: AuthenticatedCaller; readonly call: Call; readonly judged: Judged; readonly action: string };

export function intendedEntry(house: EntryHouse, what: Decided & { readonly approval: string | null }): Entry {
  const { sealed, data } = decided(house, what, 'call.intended');
  return entryOf(
    {
      ...about(what),
      type: 'call.intended',
      data: { ...data, approval: what.approval, point: house.point, ...obligedMembers(what) },
      sealed,
    },
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

/** What is done with a call beyond sending it, and the digest of what is sent where that is other than what was asked. */
function obligedMembers({ caller, call, judged }: Decided): Pick<EventBody<'call.intended'>, 'obligations' | 'sentDigest'> {
  const obliged = judged.decision.obligations;
  if (obliged === undefined) return {};
  const { mask, clamp, notify, record } = obliged;
  const brought = Object.entries(clamp).map(([pointer, most]) => `${pointer} ${most}`);
  const obligations = { mask: [...mask], clamp: brought, notify: [...notify], record };
  const sent = clampArguments(call.arguments, clamp);
  if (sent === undefined || sent === call.arguments) return { obligations };
  const { system, operation } = call;
  return { obligations, sentDigest: digestCall({ agent: caller.principal, system, operation, arguments: sent }) };
}

/** That a person is to be told of this call; nothing, where nothing obliges to that. */
export function noticeEntries({ clock }: Pick<EntryHouse, 'clock'>, what: Decided): readonly Entry[] {
  const { caller, call, judged } = what;
  const because = judged.decision.obligations?.notify ?? [];
  if (because.length === 0) return [];
  const { system, operation } = call;
  const data = { agent: caller.principal, answerable: judged.answerable, system, operation, because: [...because] };
  return [entryOf({ ...about(what), type: 'call.noticed', data }, clock)];
}

/** What became of a call that was intended. */
export function outcomeEntry(clock: Clock, caller: AuthenticatedCaller, action: string, outcome: SealedOutcome): Entry {
  const common = { actor: caller.principal, about: action, ...(caller.task === undefined ? {} : { task: caller.task }) };
  const { milliseconds, sealed } = outcome;
  const kept = sealed === undefined ? {} : { payload: sealedDigest(sealed) };
  const released = outcome.releasedDigest === undefined ? {} : { releasedDigest: outcome.releasedDigest };
  const beside = sealed === undefined ? {} : { sealed };
  if (outcome.state === 'completed') {
    const data = {
      resultDigest: outcome.resultDigest ?? null,
      resultBytes: outcome.resultBytes ?? null,
      milliseconds,
      ...released,
      ...kept,
    };
    return entryOf({ ...common, type: 'call.completed', data, ...beside }, clock);
  }
  const data = { problem: outcome.problem ?? 'unknown', milliseconds };
  if (outcome.state === 'cut') return entryOf({ ...common, type: 'call.cut', data }, clock);
  return entryOf({ ...common, type: 'call.failed', data: { ...data, ...released, ...kept }, ...beside }, clock);
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
