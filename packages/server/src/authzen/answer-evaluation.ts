import {
  type AccessBatch,
  type AccessQuestion,
  QuestionError,
  readBatch,
  readQuestion,
} from '@surety/decision/authzen/access-question';
import { Fault } from '#kernel/fault';
import { newId } from '#kernel/id';
import { entryOf } from '#ledger/entry';
import type { Entry } from '#ledger/record';
import type { AccessBody } from './access-body.ts';
import type { AuthzenRoom } from './authzen-room.ts';
import { judgeQuestion } from './judge-question.ts';
import { type Judgement, refusal } from './judgement.ts';
import type { Pep } from './pep.ts';
import { judgeRecorded, sealAccess, type Standing } from './record-access.ts';

/** How many questions one batch may hold. */
const maxItems = 500;

/** How many distinct reasons an entry names. */
const maxReasons = 50;

/** Answers one question (AuthZEN 1.0 §6). Throws `QuestionError`; faults of {@link judgeRecorded}. */
export async function answerEvaluation(room: AuthzenRoom, pep: Pep, body: AccessBody): Promise<object> {
  const question = readQuestion(body.members);
  const evaluation = newId<string>('evaluation', room.clock());
  const [judgement] = await judgeAll(room, pep, {
    evaluation,
    body,
    judge: async (now) => [await judgeQuestion(room, now, question, { evaluation, isAlone: true })],
  });
  return answerOf(judgement ?? refusal('question.malformed'), evaluation);
}

/** Answers a batch (§7), or one question when there are no items. Faults as above, and `request.too_large`. */
export async function answerEvaluations(room: AuthzenRoom, pep: Pep, body: AccessBody): Promise<object> {
  const batch = readBatch(body.members);
  if (batch === undefined) return answerEvaluation(room, pep, body);
  if (batch.items.length > maxItems) throw new Fault('request.too_large', `more than ${maxItems} evaluations`);
  const evaluation = newId<string>('evaluation', room.clock());
  const judge = (now: Pep) => judgeBatch(room, now, batch, evaluation);
  const judgements = await judgeAll(room, pep, { evaluation, body, judge });
  return { evaluations: judgements.map((one, at) => answerOf(one, `${evaluation}.${at}`)) };
}

async function judgeBatch(
  room: AuthzenRoom,
  pep: Pep,
  { items, semantic }: AccessBatch,
  evaluation: string,
): Promise<readonly Judgement[]> {
  const judgements: Judgement[] = [];
  for (const [at, item] of items.entries()) {
    const judgement = await judgeItem(room, pep, item, `${evaluation}.${at}`);
    judgements.push(judgement);
    if (semantic === 'deny_on_first_deny' && !judgement.decision) break;
    if (semantic === 'permit_on_first_permit' && judgement.decision) break;
  }
  return judgements;
}

async function judgeItem(
  room: AuthzenRoom,
  pep: Pep,
  item: AccessQuestion | QuestionError,
  evaluation: string,
): Promise<Judgement> {
  if (item instanceof QuestionError)
    return refusal('question.malformed', { error: { status: 400, message: `${item.path} ${item.message}` } });
  return judgeQuestion(room, pep, item, { evaluation, isAlone: false });
}

type Judging = {
  readonly evaluation: string;
  readonly body: AccessBody;
  readonly judge: (pep: Pep) => Promise<readonly Judgement[]>;
};

async function judgeAll(room: AuthzenRoom, pep: Pep, { evaluation, body, judge }: Judging): Promise<readonly Judgement[]> {
  const { judgements } = await judgeRecorded(room, pep, {
    judge: async (now) => standingOf(await judge(now)),
    entry: (now, judged) => evaluatedEntry(room, now, { evaluation, body, judgements: judged.judgements }),
  });
  return judgements;
}

/** At most one of them uses a yes: that of a question asked by itself. */
function standingOf(judgements: readonly Judgement[]): Standing & { readonly judgements: readonly Judgement[] } {
  const [only] = judgements;
  return {
    judgements,
    keys: judgements.flatMap(({ keys }) => keys),
    approval: judgements.length === 1 ? only?.approval : undefined,
  };
}

function evaluatedEntry(
  room: AuthzenRoom,
  pep: Pep,
  { evaluation, body, judgements }: { evaluation: string; body: AccessBody; judgements: readonly Judgement[] },
): Entry {
  const type = 'access.evaluated';
  const said = judgements.map(({ decision, reason }) => ({ decision, reason }));
  // A batch asks what could be shown; what is done is asked by itself, and only then is it kept how it was decided.
  const inputs = judgements.length === 1 ? judgements.flatMap(({ inputs: one }) => one ?? []) : [];
  const { sealed, digest } = sealAccess(room, pep, { evaluation, type, asked: body.bytes, said, inputs });
  const data = {
    version: pep.application.version,
    questions: judgements.length,
    permitted: judgements.filter(({ decision }) => decision).length,
    reasons: [...new Set(judgements.map(({ reason }) => reason))].slice(0, maxReasons),
    approval: judgements.find(({ approval }) => approval !== undefined)?.approval?.id ?? null,
    evaluation,
    change: pep.change,
    inputs: digest,
  };
  return entryOf({ type, actor: pep.caller.principal, about: pep.application.id, data, sealed }, room.clock);
}

/** A yes needs no reason; a no says why, and under which name it lies in the ledger. */
function answerOf({ decision, reason, context }: Judgement, evaluation: string): object {
  if (!decision) return { decision, context: { evaluation_id: evaluation, reason, ...context } };
  return Object.keys(context).length === 0 ? { decision } : { decision, context };
}
