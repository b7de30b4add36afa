import type { AccessQuestion } from '@surety/decision/authzen/access-question';
import { decideAccess } from '@surety/decision/authzen/decide-access';
import type { AuthzenRoom } from './authzen-room.ts';
import { cutOff, decideHouse, judgementOf } from './decide-house.ts';
import { houseResource, readHouseQuestion } from './house-question.ts';
import { type Judgement, refusal } from './judgement.ts';
import { judgeWithApproval } from './judge-with-approval.ts';
import type { Pep } from './pep.ts';
import { presentedApproval, requestable } from './requestable.ts';

/** How a question is asked: by itself, or as the item of a batch, where no approval can be used. */
export type Asked = {
  /** Its name in the answer; none where nobody is told how to ask for a yes. */
  readonly evaluation: string | undefined;
  readonly isAlone: boolean;
};

/**
 * Judges one question: about an operation of a protected system by the decision point of the gateways, else by the application.
 */
export async function judgeQuestion(room: AuthzenRoom, pep: Pep, question: AccessQuestion, asked: Asked): Promise<Judgement> {
  if (question.resource.type !== houseResource) return judgeByApplication(room, pep, question);
  const house = await readHouseQuestion(room, pep, question);
  if (typeof house === 'string') return refusal(house);
  const judged = await decideHouse(room, house);
  if (judged === undefined) return cutOff(house);
  if (judged.decision.outcome !== 'hold') return judgementOf(judged, question.context);
  const presented = presentedApproval(question);
  if (presented !== undefined && !asked.isAlone) return refusal('approval.alone', { next_action: 'retry' }, judged.fence.keys);
  if (presented !== undefined) return judgeWithApproval(room, pep, { question, house, judged, presented });
  const judgement = judgementOf(judged, question.context);
  if (asked.evaluation === undefined) return judgement;
  const offer = requestable(room, pep, { question, judged, evaluation: asked.evaluation });
  return { ...judgement, context: { ...judgement.context, access_request: offer } };
}

/** By the policies of the application alone. */
export function judgeByApplication({ engine }: AuthzenRoom, { application }: Pep, question: AccessQuestion): Judgement {
  const { decision, reason, policies } = decideAccess(engine, application.compiled, question);
  return { decision, reason, context: decision || policies.length === 0 ? {} : { policies: policies.slice(0, 20) }, keys: [] };
}
