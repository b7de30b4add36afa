import { AnswerClaims } from '@surety/contract/approval';
import { instant } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { findAgent } from '#registry/agent-store';
import { listActiveCredentials } from '#registry/credential-store';
import { claimsSignedBy } from '#registry/human-signature';
import { findHuman } from '#registry/human-store';
import { digestQuestion, mayAnswer, type Question } from './approval.ts';

/**
 * What a stored yes stands on now: the person who signed it and their keys, so that a change of any of them can be seen.
 * Undefined when it does not hold: nothing in the row is believed but what an active key of an active person signed over
 * exactly this question, and that person must still be one who may answer it. `agentName`, `answerable`: what the agent is called
 * and who answers for it now.
 */
export async function findGrounds(
  tx: Tx,
  question: Question,
  { agentName, answerable }: { readonly agentName: string; readonly answerable: string },
): Promise<readonly string[] | undefined> {
  const { answeredBy, signature, questionDigest, agent, requester, id } = question;
  const asked = { ...question, agentName, askedAt: instant(question.askedAtMs), expiresAt: instant(question.expiresAtMs) };
  if (answeredBy === null || signature === null || digestQuestion(asked) !== questionDigest) return undefined;
  const human = await findHuman(tx, answeredBy);
  const owner = (await findAgent(tx, agent))?.owner;
  if (human?.state !== 'active' || !mayAnswer({ answerable, owner }, human, [agent, requester])) return undefined;
  const credentials = await listActiveCredentials(tx, human.id);
  const claims = AnswerClaims.safeParse(claimsSignedBy(credentials, signature, 'surety-approval+jwt'));
  const isYes =
    claims.success && claims.data.answer === 'approve' && claims.data.approval === id && claims.data.digest === questionDigest;
  return isYes ? [human.id, ...credentials.map((credential) => credential.id)] : undefined;
}
