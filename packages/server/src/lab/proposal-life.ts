import type { PolicyEffect, ProposalState } from '@surety/contract/lab';
import { announce } from '#change/announce';
import type { Caller } from '#kernel/answer';
import { instant } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { record } from '#ledger/record';
import { personBehind } from './author.ts';
import type { LabRoom } from './lab-room.ts';
import { countShadows, getProposal, lockProposal, saveProposal, type StoredProposal } from './proposal-store.ts';
import { type EffectWindow, readEffect } from './read-effect.ts';

/** Proposals in shadow are told to every node under this key. */
export const labKey = 'lab';

/** As many proposals are decided by beside the work at most. */
const maxShadows = 5;

/** States in which a proposal can still become something. */
const openStates: readonly ProposalState[] = ['draft', 'shadow', 'staged'];

/** Fault `proposal.not_open` for a proposal that is over. */
export function checkOpen({ state }: StoredProposal): void {
  if (!openStates.includes(state)) throw new Fault('proposal.not_open', `it is ${state}`);
}

/** Moves a proposal to another state, saved and recorded. */
export async function moveTo(
  tx: Tx,
  { clock, actor }: { readonly clock: LabRoom['clock']; readonly actor: string },
  one: StoredProposal,
  to: ProposalState,
): Promise<StoredProposal> {
  const after = { ...one, state: to, movedAt: instant(clock()) };
  await saveProposal(tx, after);
  const data = { from: one.state, to, version: after.version };
  await record(tx, clock, { type: 'proposal.moved', actor, about: one.id, data });
  return after;
}

/** Works out the effect of a proposal and keeps it beside it. Fault `proposal.not_open` when it is over. */
export async function keepEffect(room: LabRoom, id: string, window: EffectWindow): Promise<PolicyEffect> {
  const { change } = await getProposal(room.db, id);
  const effect = await readEffect(room, change, window);
  await room.db.transaction(async (tx) => {
    const now = await lockProposal(tx, id);
    checkOpen(now);
    await saveProposal(tx, { ...now, effect });
  });
  return effect;
}

/** Has live calls decided by a draft as well, beside the work. Fault `proposal.not_open`, also when enough are in shadow. */
export async function shadowProposal(room: LabRoom, caller: Caller, id: string): Promise<StoredProposal> {
  return moveDraft(room, caller, { id, from: ['draft'], to: 'shadow' });
}

/** Takes a proposal back. One that is in force for somebody is rolled back instead: fault `proposal.not_open`. */
export async function withdrawProposal(room: LabRoom, caller: Caller, id: string): Promise<StoredProposal> {
  return moveDraft(room, caller, { id, from: ['draft', 'shadow'], to: 'withdrawn' });
}

type Move = { readonly id: string; readonly from: readonly ProposalState[]; readonly to: 'shadow' | 'withdrawn' };

async function moveDraft({ db, clock }: LabRoom, caller: Caller, { id, from, to }: Move): Promise<StoredProposal> {
  return db.transaction(async (tx) => {
    await personBehind(tx, caller);
    if (to === 'shadow' && (await countShadows(tx)) >= maxShadows)
      throw new Fault('proposal.not_open', `${maxShadows} proposals are in shadow already: withdraw one`);
    const proposal = await lockProposal(tx, id);
    if (!from.includes(proposal.state)) throw new Fault('proposal.not_open', `it is ${proposal.state}`);
    const after = await moveTo(tx, { clock, actor: caller.principal }, proposal, to);
    await announce(tx, [{ what: 'changed', key: labKey }]);
    return after;
  });
}
