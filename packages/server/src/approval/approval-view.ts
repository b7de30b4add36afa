import { Approval } from '@surety/contract/approval';
import { instant } from '#kernel/clock';
import type { Sealer } from '#keys/seal';
import { kindOf } from '#registry/principal';
import type { PrincipalFacts } from '#registry/principal-facts';
import { argumentsPlace, type Question, stateAt } from './approval.ts';

/** The question as people see it: whole, canonical, nothing cut off (AP-06), and all that its digest covers. */
export async function viewApproval(
  { facts, sealer, now }: { facts: PrincipalFacts; sealer: Sealer; now: number },
  question: Question,
): Promise<Approval> {
  const { requester } = question;
  const [agent, answerable, asker, answerer] = await Promise.all([
    facts.agent(question.agent),
    facts.human(question.answerable),
    kindOf(requester) === 'human' ? facts.human(requester) : facts.agent(requester),
    question.answeredBy === null ? undefined : facts.human(question.answeredBy),
  ]);
  return Approval.parse({
    id: question.id,
    action: question.action,
    agent: question.agent,
    agentName: agent?.name ?? question.agent,
    requester,
    requesterName: asker?.displayName ?? requester,
    system: question.system,
    operation: question.operation,
    effect: question.effect,
    callDigest: question.callDigest,
    definition: question.definition,
    mandateVersion: question.mandateVersion,
    policyVersion: question.policyVersion,
    questionDigest: question.questionDigest,
    argumentsText: sealer.open(argumentsPlace(question.id), question.sealed).toString('utf8'),
    because: question.because,
    answerable: question.answerable,
    answerableName: answerable?.displayName ?? question.answerable,
    state: stateAt(question, now),
    askedAt: instant(question.askedAtMs),
    expiresAt: instant(question.expiresAtMs),
    validUntil: question.validUntilMs === null ? null : instant(question.validUntilMs),
    answeredBy: question.answeredBy,
    answeredByName: answerer?.displayName ?? null,
    answeredAt: question.answeredAtMs === null ? null : instant(question.answeredAtMs),
    reason: question.reason,
  });
}
