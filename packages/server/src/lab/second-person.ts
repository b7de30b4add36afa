import type { HumanId } from '@surety/contract/id';
import type { PolicyEffect } from '@surety/contract/lab';
import type { Caller } from '#kernel/answer';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { record } from '#ledger/record';
import { holdHumans } from '#registry/human-store';
import { personBehind } from './author.ts';
import type { LabRoom } from './lab-room.ts';
import { checkOpen } from './proposal-life.ts';
import { lockProposal, saveProposal, type StoredProposal } from './proposal-store.ts';

/** What a second person says yes to: the change by its digest, and what it would cut as the effect told it. */
export type SecondYes = { readonly proposal: string; readonly digest: string; readonly cut: number };

/**
 * A second person says yes to exactly this change, having seen what it would cut: a person who neither proposed it nor answers
 * for the workload that did. Faults `proposal.not_second`; `policy.changed` when digest or figures are not those that are kept.
 */
export async function confirmProposal({ db, clock }: LabRoom, caller: Caller, said: SecondYes): Promise<StoredProposal> {
  return db.transaction(async (tx) => {
    const proposal = await lockProposal(tx, said.proposal);
    checkOpen(proposal);
    const isSecond = caller.kind === 'human' && caller.principal !== proposal.answerable;
    if (!isSecond) throw new Fault('proposal.not_second');
    await personBehind(tx, caller);
    const { effect, digest } = proposal;
    if (effect === null || said.digest !== digest || said.cut !== effect.replay.cut)
      throw new Fault('policy.changed', 'look at the effect of this proposal first');
    const after = { ...proposal, confirmedBy: caller.principal as HumanId, confirmedCut: said.cut };
    await saveProposal(tx, after);
    const data = { digest, cut: said.cut, allowed: effect.replay.allowed };
    await record(tx, clock, { type: 'proposal.confirmed', actor: caller.principal, about: proposal.id, data });
    return after;
  });
}

/** More calls may be cut than were confirmed by this share of them, and of all that went out: the week moves on. */
const slack = { ofConfirmed: 0.1, ofAllowed: 0.01 };

/** Fault `policy.needs_second` unless nobody else is needed, or a second person said yes to what it still is. */
export async function checkSecond(
  tx: Tx,
  { confirmedBy, confirmedCut }: Pick<StoredProposal, 'confirmedBy' | 'confirmedCut'>,
  effect: Pick<PolicyEffect, 'needsSecond' | 'why' | 'replay'>,
): Promise<void> {
  if (!effect.needsSecond) return;
  if (confirmedBy === null || confirmedCut === null) throw needed(effect.why);
  const [second] = await holdHumans(tx, [confirmedBy]);
  if (second?.state !== 'active') throw needed('Who confirmed it is not active any more.');
  const { cut, allowed } = effect.replay;
  if (cut > confirmedCut * (1 + slack.ofConfirmed) + allowed * slack.ofAllowed)
    throw needed(`It would cut ${cut} calls now; ${confirmedCut} were confirmed. Look at its effect and confirm it again.`);
}

export function needed(why: string): Fault {
  return new Fault('policy.needs_second', undefined, { why: [why] });
}
