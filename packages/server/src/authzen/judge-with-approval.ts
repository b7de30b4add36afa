import type { Reason } from '@surety/contract/decision';
import type { ExactRecord } from '@surety/contract/exact-json';
import type { AccessQuestion } from '@surety/decision/authzen/access-question';
import { type Question, stateAt } from '#approval/approval';
import { findQuestion } from '#approval/approval-store';
import { findGrounds } from '#approval/find-grounds';
import { voidApproval } from '#approval/void-approval';
import type { Judged } from '#decision/decide-call';
import type { AuthzenRoom } from './authzen-room.ts';
import { bindingHash, readBound } from './bound-token.ts';
import { cutOff, decideHouse, judgementOf } from './decide-house.ts';
import type { HouseQuestion } from './house-question.ts';
import { type Judgement, refusal } from './judgement.ts';
import type { Pep } from './pep.ts';

type Presented = {
  readonly question: AccessQuestion;
  readonly house: HouseQuestion;
  /** The decision without the approval: held. */
  readonly judged: Judged;
  readonly presented: ExactRecord | 'malformed';
};

/** What the PEP can do about a no (ARAP, re-evaluation). */
type NextAction = 'request' | 'retry' | 'none';

const ended: Readonly<Record<Exclude<Question['state'], 'approved'>, { readonly reason: Reason; readonly next: NextAction }>> = {
  pending: { reason: 'held.mandate', next: 'retry' },
  refused: { reason: 'approval.refused', next: 'none' },
  used: { reason: 'approval.used', next: 'request' },
  expired: { reason: 'approval.expired', next: 'request' },
};

/**
 * Judges a held question again with the yes that comes with it. What is presented names the yes and proves nothing by itself: the
 * yes is the one that is stored for exactly this call, its signature and its signer still hold, and it is used up in the
 * statement that records the answer, once (ADR-0011).
 */
export async function judgeWithApproval(room: AuthzenRoom, pep: Pep, what: Presented): Promise<Judgement> {
  const { house, judged } = what;
  const stored = await presentedQuestion(room, pep, what);
  if (stored === undefined) return refusal('approval.unverifiable', { next_action: 'none' }, judged.fence.keys);
  const state = stateAt(stored, room.clock());
  if (state !== 'approved') {
    const { reason, next } = ended[state];
    return refusal(state === 'pending' ? judged.decision.reason : reason, { next_action: next }, [
      ...judged.fence.keys,
      stored.id,
    ]);
  }
  const again = await decideHouse(room, house, stored);
  if (again === undefined) return cutOff(house);
  if (again.decision.outcome !== 'permit') return judgementOf(again, what.question.context);
  return withGrounds(room, { stored, judged: again, asked: what.question.context });
}

/**
 * The stored question about exactly this call, when what is presented is our own word that a person was asked it for this PEP.
 */
async function presentedQuestion(room: AuthzenRoom, pep: Pep, what: Presented): Promise<Question | undefined> {
  const { question, house, judged, presented } = what;
  const state = presented === 'malformed' ? undefined : presented['state'];
  const bound = typeof state === 'string' ? readBound(room, 'surety-access-approval+jwt', state) : undefined;
  if (bound === undefined || presented === 'malformed') return undefined;
  const { caller, call } = house;
  const stored = await findQuestion(room.db, { agent: caller.principal, callDigest: call.digest, requester: judged.requester });
  if (stored === undefined || stored.id !== presented['id']) return undefined;
  const { claims } = bound;
  const isOurs = claims['sub'] === pep.caller.principal && claims['approval'] === stored.id;
  return isOurs && claims['binding_hash'] === bindingHash(question) ? stored : undefined;
}

/** A yes holds by its signature, and until then: what it stands on is part of the fence. */
async function withGrounds(
  room: AuthzenRoom,
  { stored, judged, asked }: { readonly stored: Question; readonly judged: Judged; readonly asked: ExactRecord },
): Promise<Judgement> {
  const agent = await room.facts.agent(stored.agent);
  const asker = { agentName: agent?.name ?? stored.agent, answerable: judged.answerable };
  const grounds = await findGrounds(room.db, stored, asker);
  if (grounds === undefined) {
    await voidApproval(room, stored.id);
    return refusal('approval.unverifiable', { next_action: 'request' }, judged.fence.keys);
  }
  const judgement = judgementOf(judged, asked);
  if (!judgement.decision) return judgement;
  return {
    ...judgement,
    keys: [...judgement.keys, ...grounds],
    approval: { id: stored.id, usedBy: stored.action },
  };
}
