import type { ExactRecord } from '@surety/contract/exact-json';
import type { GivenApproval } from '@surety/decision/call-facts';
import type { Judged } from '#decision/decide-call';
import { Fault } from '#kernel/fault';
import type { AuthzenRoom } from './authzen-room.ts';
import type { HouseQuestion } from './house-question.ts';
import { type Judgement, refusal } from './judgement.ts';
import { cannotFulfil, obligationsOf } from './obligations.ts';

/** What the decision point says of a call; undefined when what the agent came with was cut off. */
export async function decideHouse(
  { decider }: Pick<AuthzenRoom, 'decider'>,
  { caller, call }: HouseQuestion,
  approval?: GivenApproval,
): Promise<Judged | undefined> {
  try {
    return await decider.decide(caller, call, approval);
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === 'token.ended') return undefined;
    throw thrown;
  }
}

/** What the agent stands on was cut off: a decision that can only become another when one of these changes. */
export function cutOff({ caller }: HouseQuestion): Judgement {
  return refusal('task.ended', {}, [caller.principal, ...(caller.task === undefined ? [] : [caller.task])]);
}

/**
 * A decision as AuthZEN says it: only a permit is `true`. `asked` is the context of the question. Why is for the PEP and its
 * operators; the sentence for whoever asked is the one for the model, which holds no hint to evade.
 */
export function judgementOf({ decision, fence, inputs, answerable }: Judged, asked: ExactRecord): Judgement {
  const { outcome, reason, link, because, forModel } = decision;
  const common = { reason, keys: fence.keys, inputs } as const;
  if (outcome !== 'permit') {
    const why = { link, reason_admin: { en: because }, reason_user: { en: forModel ?? because } };
    return { ...common, decision: false, context: why };
  }
  const obligations = obligationsOf(decision, answerable);
  if (cannotFulfil(asked, obligations)) return { ...common, ...refusal('obligation.unsupported', { obligations }, fence.keys) };
  return { ...common, decision: true, context: obligations.length === 0 ? {} : { obligations } };
}
