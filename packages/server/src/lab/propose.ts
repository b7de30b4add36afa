import type { ProposalId } from '@surety/contract/id';
import type { PolicyBase, PolicyChange, Proposal } from '@surety/contract/lab';
import type { Caller } from '#kernel/answer';
import { instant } from '#kernel/clock';
import { Fault } from '#kernel/fault';
import { newId } from '#kernel/id';
import { record } from '#ledger/record';
import { documentDigest } from '#policy/document-digest';
import { personBehind } from './author.ts';
import { readInForce } from './documents-in-force.ts';
import type { LabRoom } from './lab-room.ts';
import { addProposal, type StoredProposal } from './proposal-store.ts';
import { checkChange, narrowChange } from './read-effect.ts';

/**
 * Keeps a change as a draft that is in force for nobody. Faults `policy.invalid` and `mandate.invalid`; `policy.changed` when
 * what it was written against is no longer in force.
 */
export async function propose(
  { db, clock }: Pick<LabRoom, 'db' | 'clock'>,
  caller: Caller,
  {
    title,
    change: given,
    base,
  }: { readonly title: string; readonly change: PolicyChange; readonly base?: PolicyBase | undefined },
): Promise<StoredProposal> {
  checkChange(given);
  return db.transaction(async (tx) => {
    const answerable = await personBehind(tx, caller);
    const inForce = await readInForce(tx, given);
    if (base !== undefined && !isSameBase(base, inForce.base))
      throw new Fault('policy.changed', changedSince(base, inForce.base));
    const change = narrowChange(given, inForce);
    const now = (await readInForce(tx, change)).base;
    const at = instant(clock());
    const digest = documentDigest({ change, base: now });
    const proposal: StoredProposal = {
      id: newId<ProposalId>('proposal', clock()),
      title,
      change,
      base: now,
      digest,
      state: 'draft',
      proposedBy: caller.principal as Proposal['proposedBy'],
      answerable,
      confirmedBy: null,
      confirmedCut: null,
      version: null,
      stage: null,
      effect: null,
      createdAt: at,
      movedAt: at,
    };
    await addProposal(tx, proposal);
    const data = { digest, documents: documentsOf(change), answerable };
    await record(tx, clock, { type: 'proposal.made', actor: caller.principal, about: proposal.id, data });
    return proposal;
  });
}

/** What a change is about: `policy`, `role:owner`, `mandate`. */
export function documentsOf({ policy, roles = {}, mandate }: PolicyChange): string[] {
  return [
    ...(policy === undefined ? [] : ['policy']),
    ...Object.keys(roles).map((name) => `role:${name}`),
    ...(mandate === undefined ? [] : ['mandate']),
  ];
}

/** Whether two bases name the same versions; of roles, those that the second one names. */
export function isSameBase(written: PolicyBase, now: PolicyBase): boolean {
  return (
    written.policy === now.policy &&
    Object.entries(now.roles).every(([name, revision]) => (written.roles[name] ?? 0) === revision)
  );
}

export function changedSince(written: PolicyBase, now: PolicyBase): string {
  return `written against version ${written.policy}, in force is ${now.policy}`;
}
