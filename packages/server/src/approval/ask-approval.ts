import type { QuestionSubstance } from '@surety/contract/question';
import { type Clock, instant } from '#kernel/clock';
import { type Db, isUniqueViolation } from '#kernel/db';
import { newId } from '#kernel/id';
import type { Sealer } from '#keys/seal';
import { type Entry, recordEntry } from '#ledger/record';
import { argumentsPlace, asksTheSame, digestQuestion, type Question, stateAt } from './approval.ts';
import { addApproval, findQuestion, lockApproval } from './approval-store.ts';
import { markExpired } from './expire-approvals.ts';

export type AskHouse = { readonly db: Db; readonly clock: Clock; readonly sealer: Sealer; readonly approvalSeconds: number };

/** What is asked. `heldEntry` makes the ledger entry once the question has its id. */
export type AskApproval = Omit<QuestionSubstance, 'id' | 'askedAt' | 'expiresAt'> & {
  readonly task: string;
  /** The canonical arguments, exactly as they will be sent. */
  readonly argumentsText: string;
  readonly heldEntry: (approval: string) => Entry;
};

/**
 * Parks a call durably as one question to a person: question and ledger entry in one transaction. When the same call of
 * the same agent for the same requester is waiting already, that question is returned and nothing new is asked. An open
 * one that was asked on another ground (definition, mandate, policy) ends first.
 */
export async function askApproval(house: AskHouse, ask: AskApproval): Promise<Question> {
  try {
    return await house.db.transaction(async (tx) => {
      const now = house.clock();
      const known = await findQuestion(tx, ask);
      const open = known && (await lockApproval(tx, known.id));
      if (open?.state === 'pending' || open?.state === 'approved') {
        if (stateAt(open, now) !== 'expired' && asksTheSame(open, ask)) return open;
        await markExpired(tx, house.clock, open);
      }
      const question = questionOf(house, ask, now);
      await addApproval(tx, question);
      await recordEntry(tx, ask.heldEntry(question.id));
      return question;
    });
  } catch (thrown) {
    const winner = isUniqueViolation(thrown) ? await findQuestion(house.db, ask) : undefined;
    if (winner === undefined) throw thrown;
    return winner;
  }
}

function questionOf(house: AskHouse, ask: AskApproval, now: number): Question {
  const { agentName, argumentsText, heldEntry: _entry, ...rest } = ask;
  const id = newId<string>('approval', now);
  const expiresAtMs = now + house.approvalSeconds * 1000;
  return {
    ...rest,
    id,
    questionDigest: digestQuestion({ ...rest, id, agentName, askedAt: instant(now), expiresAt: instant(expiresAtMs) }),
    sealed: house.sealer.seal(argumentsPlace(id), argumentsText),
    state: 'pending',
    askedAtMs: now,
    expiresAtMs,
    validUntilMs: null,
    answeredBy: null,
    answeredAtMs: null,
    signature: null,
    reason: null,
    usedBy: null,
  };
}
