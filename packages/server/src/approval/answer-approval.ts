import { AnswerClaims } from '@surety/contract/approval';
import type { Human } from '@surety/contract/human';
import { announce } from '#change/announce';
import { rememberDestinations } from '#flow/change-destination';
import type { Fingerprints } from '#flow/fingerprints';
import { type Clock, instant } from '#kernel/clock';
import type { Db, Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import type { Sealer } from '#keys/seal';
import { record } from '#ledger/record';
import { findAgent } from '#registry/agent-store';
import { verifyHumanSignature } from '#registry/human-signature';
import { getHuman } from '#registry/human-store';
import { mayAnswer, type Question, stateAt } from './approval.ts';
import { lockApproval, saveAnswer } from './approval-store.ts';
import { rememberedPlaces } from './remembered-places.ts';

export type AnswerHouse = {
  readonly db: Db;
  readonly clock: Clock;
  readonly validSeconds: number;
  /** Left out, no yes makes a destination known. */
  readonly directory?: { readonly sealer: Sealer; readonly prints: Fingerprints } | undefined;
};

/** How old a signed answer may be, in seconds: it is signed when it is given. */
const maxAgeSeconds = 300;

/**
 * A person's yes or no to exactly one call, signed over the digest of the question (P6). A yes can be used once, until
 * `validSeconds` from now. Whoever asked for the work says no to a call of it, or leaves it to somebody else. The first answer
 * stands: a second, from whichever node, is `approval.not_open`.
 */
export async function answerApproval(
  house: AnswerHouse,
  actor: string,
  { approval, signature }: { approval: string; signature: string },
): Promise<Question> {
  return house.db.transaction(async (tx) => {
    const before = await lockApproval(tx, approval);
    const claims = await readClaims(tx, actor, signature, house.clock());
    if (claims.approval !== before.id || claims.digest !== before.questionDigest) throw new Fault('signature.invalid');
    const human = await getHuman(tx, actor);
    await checkMayAnswer(tx, human, { question: before, claims });
    if (stateAt(before, house.clock()) !== 'pending') throw new Fault('approval.not_open');
    const after = answered(before, { actor, signature, claims, now: house.clock(), validSeconds: house.validSeconds });
    await saveAnswer(tx, after);
    await recordAnswer(tx, house.clock, after);
    await announce(tx, [{ what: 'answered', key: after.id }, ...(await remember(tx, house, { question: after, claims }))]);
    return after;
  });
}

/** Whoever asked for the work may say no to a call of it; a yes is somebody else's to give (AP-03). */
async function checkMayAnswer(
  tx: Tx,
  human: Human,
  { question, claims }: { readonly question: Question; readonly claims: AnswerClaims },
): Promise<void> {
  if (human.state !== 'active') throw new Fault('approval.not_yours');
  if (question.requester === human.id) {
    if (claims.answer === 'approve') throw new Fault('approval.own_request');
    return;
  }
  const owner = (await findAgent(tx, question.agent))?.owner;
  if (!mayAnswer({ ...question, owner }, human, [question.agent])) throw new Fault('approval.not_yours');
}

/** Makes the destinations of a call known whose yes says so. */
async function remember(
  tx: Tx,
  { clock, directory }: AnswerHouse,
  { question, claims }: { readonly question: Question; readonly claims: AnswerClaims },
): Promise<readonly { what: 'changed'; key: string }[]> {
  if (directory === undefined || claims.remember !== true || question.state !== 'approved') return [];
  const places = await rememberedPlaces(tx, directory.sealer, question);
  const by = { places, actor: question.answeredBy ?? '', approval: question.id };
  return rememberDestinations(tx, { clock, prints: directory.prints }, by);
}

async function readClaims(tx: Tx, actor: string, signature: string, now: number): Promise<AnswerClaims> {
  const read = AnswerClaims.safeParse(await verifyHumanSignature(tx, actor, signature, 'surety-approval+jwt'));
  if (!read.success || Math.abs(now / 1000 - read.data.iat) > maxAgeSeconds) throw new Fault('signature.invalid');
  return read.data;
}

function answered(
  question: Question,
  by: { actor: string; signature: string; claims: AnswerClaims; now: number; validSeconds: number },
): Question {
  const yes = by.claims.answer === 'approve';
  return {
    ...question,
    state: yes ? 'approved' : 'refused',
    validUntilMs: yes ? by.now + by.validSeconds * 1000 : null,
    answeredBy: by.actor,
    answeredAtMs: by.now,
    signature: by.signature,
    reason: by.claims.reason ?? null,
  };
}

async function recordAnswer(tx: Tx, clock: Clock, question: Question): Promise<void> {
  const { action, requester, questionDigest, id, task } = question;
  const signed = { action, requester, questionDigest, signature: question.signature ?? '' };
  const by = { actor: question.answeredBy ?? '', about: id, task };
  if (question.validUntilMs === null) await record(tx, clock, { ...by, type: 'approval.refused', data: signed });
  else
    await record(tx, clock, {
      ...by,
      type: 'approval.approved',
      data: { ...signed, validUntil: instant(question.validUntilMs) },
    });
}
