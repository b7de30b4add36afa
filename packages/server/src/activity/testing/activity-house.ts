import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Action } from '@surety/contract/activity';
import type { BeginResult, CallOutcome } from '@surety/contract/enforcement';
import type { InputOf, OutputOf, Route } from '@surety/contract/route';
import { answerApproval } from '#approval/answer-approval';
import { findQuestion } from '#approval/approval-store';
import { type Guarded, guarded, refundAgent } from '#enforcement/testing/guarded';
import type { Caller } from '#kernel/answer';
import { perform } from '#kernel/perform';
import { beginLog, integrate } from '#ledger/integrate';
import { findHead } from '#ledger/head-store';
import { aSigner } from '#ledger/testing/a-signer';
import { signed } from '#registry/testing/residents';
import { activityRoutes } from '../activity-routes.ts';

const reader: Caller = { principal: 'hum_reader', kind: 'human', credential: 'crd_x' };

/** A guard's house whose activity is read through the contract, as the hall reads it. */
export async function activityHouse() {
  const all = await guarded();
  const { db, sealer, facts, feed, decider } = all;
  const about = { issuer: 'http://127.0.0.1:7070', gatewayUrl: 'http://127.0.0.1:7071', version: '0.0.0' };
  const trouble: { says: string | undefined } = { says: undefined };
  const answers = activityRoutes({
    db,
    sealer,
    facts,
    feed,
    decider,
    leaseMs: 2_000,
    ...about,
    checkpoint: () => findHead(db),
    logTrouble: () => trouble.says,
    compared: () => undefined,
  });
  const house = { db, signer: aSigner(), limit: 1_000 };
  return {
    ...all,
    trouble,
    ask: async <One extends Route>(route: One, input: InputOf<One>): Promise<OutputOf<One>> => {
      const found = answers.find((one) => one.route.name === route.name);
      assert.ok(found, route.name);
      return (await perform(async () => undefined, reader, found, input)) as OutputOf<One>;
    },
    /** Gives everything that is there its index, under one checkpoint. */
    sequence: async () => {
      await beginLog(house);
      await integrate(house);
    },
    signer: house.signer,
  };
}

export type ActivityHouse = Awaited<ReturnType<typeof activityHouse>>;

/** An agent, and what it can be made to do here. */
export async function actingAgent(house: ActivityHouse) {
  const one = await refundAgent(house as Guarded);
  const open = (holdMs: number) => ({ holdMs, signal: new AbortController().signal });
  /** Two calls never begin in one millisecond: the order of their ids would be chance. */
  const begin = async (text: string, holdMs = 50, operation = 'refund') => {
    await pause(2);
    return house.guard.begin(one.caller(), one.call(text, operation), open(holdMs));
  };
  return {
    ...one,
    begin,
    /** A call that goes, and what becomes of it. */
    act: async (text: string, outcome?: CallOutcome): Promise<Action['id']> => {
      const result = await begin(text);
      assert.equal(result.kind, 'go');
      if (outcome !== undefined) await house.guard.settle(result.actionId, outcome);
      return idOf(result);
    },
    /** A call that waits for a person, and no client waits for it any more. */
    park: async (text: string): Promise<Action['id']> => {
      const result = await begin(text, 0);
      assert.equal(result.kind, 'held');
      return idOf(result);
    },
    say: async (text: string, answer: 'approve' | 'refuse') => {
      const question = await findQuestion(house.db, {
        agent: one.agent.id,
        callDigest: one.call(text).digest,
        requester: one.agent.id,
      });
      assert.equal(question?.state, 'pending');
      const claims = { approval: question?.id, digest: question?.questionDigest, answer, iat: Math.floor(house.clock() / 1000) };
      const signature = signed(one.key, 'surety-approval+jwt', claims);
      return answerApproval({ ...house.house, validSeconds: 600 }, one.owner.id, { approval: question?.id ?? '', signature });
    },
  };
}

export function idOf({ actionId }: BeginResult): Action['id'] {
  return actionId as Action['id'];
}
