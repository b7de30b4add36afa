import { setTimeout as pause } from 'node:timers/promises';
import type { ApprovalId } from '@surety/contract/id';
import { answerApproval, listApprovals } from '@surety/contract/oversight-routes';
import { signAnswer } from '@surety/sdk/sign';
import { decodeJwt } from 'jose';
import type { ByHand, Told } from './by-hand.ts';
import type { Person } from './company.ts';

/** What clients were told is done. Kept outside of Surety: whatever stands here must stand in the ledger for ever. */
export type Acknowledged = {
  /** Orders of calls that were answered as carried out, by agent. */
  readonly allowed: { readonly agent: string; readonly order: string; readonly amount: number }[];
  /** Actions of which a refusal was told. */
  readonly denied: string[];
  readonly answered: string[];
  readonly tokens: string[];
  /** Every call that was ever sent: nothing else may be at the system. */
  readonly sent: { readonly agent: string; readonly order: string; readonly amount: number }[];
};

export const emptyAcknowledged = (): Acknowledged => ({ allowed: [], denied: [], answered: [], tokens: [], sent: [] });

export type Load = {
  /** How many calls were carried out since it began. */
  readonly count: () => number;
  /** What was said last to each agent whose call was not carried out. */
  readonly lastWords: () => string;
  end(): Promise<void>;
};

/** A refund that needs a person. */
const heldAmount = 420;

/**
 * A handful of agents that call without pause, some within their limit, some over it and some held, and a person who says
 * yes. Whatever breaks is tried again as a client would: a held call as exactly the same call, all others never.
 */
export function startLoad(agents: readonly ByHand[], maya: Person, acknowledged: Acknowledged, name: string): Load {
  let isOver = false;
  let carriedOut = 0;
  const words = new Map<string, string>();
  const call = async (agent: ByHand, order: string, amount: number): Promise<Told | undefined> => {
    acknowledged.sent.push({ agent: agent.id, order, amount });
    words.set(agent.id, 'nothing yet');
    const told = await agent.call('payments', 'refund', { order, amount }).catch((thrown: unknown) => {
      words.set(agent.id, String(thrown));
      return undefined;
    });
    if (told !== undefined) words.set(agent.id, `${told.status} ${told.text}`);
    if (told?.said === 'allowed') {
      acknowledged.allowed.push({ agent: agent.id, order, amount });
      carriedOut++;
    }
    if (told?.said === 'denied' && told.action !== undefined) acknowledged.denied.push(told.action);
    if (told?.said === 'refused' && told.status === 401) agent.forget();
    if (told === undefined || told.said === 'refused') await pause(25);
    return told;
  };
  const work = async (agent: ByHand, at: number): Promise<void> => {
    for (let round = 0; !isOver; round++) {
      const order = `${name}-${at}-${round}`;
      if (at === 0)
        await untilCarriedOut(
          () => call(agent, order, heldAmount),
          () => isOver,
        );
      else await call(agent, order, round % 4 === 3 ? 5_000 : 1);
      if (round % 10 === 9) await renew(agent, acknowledged);
    }
  };
  let isAnswered = false;
  const all = agents.map(work);
  const answering = sayYes(maya, acknowledged, () => isAnswered);
  return {
    count: () => carriedOut,
    lastWords: () => [...words.values()].join('\n'),
    end: async () => {
      isOver = true;
      await Promise.all(all);
      isAnswered = true;
      await answering;
    },
  };
}

async function untilCarriedOut(call: () => Promise<Told | undefined>, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const told = await call();
    if (told?.said === 'allowed') return;
  }
}

/** A new token now and then: it is acknowledged by being given. */
async function renew(agent: ByHand, { tokens }: Acknowledged): Promise<void> {
  agent.forget();
  const token = await agent.token(`${agent.gateway}/mcp/payments`).catch(() => undefined);
  if (token !== undefined) tokens.push(String(decodeJwt(token).jti));
}

async function sayYes({ client, key }: Person, { answered }: Acknowledged, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await pause(40);
    const { items } = await client.call(listApprovals, { state: 'pending' }).catch(() => ({ items: [] }));
    for (const { id, questionDigest } of items) {
      const signature = await signAnswer(key, { approval: id, digest: questionDigest, answer: 'approve' }, Date.now());
      await client.call(answerApproval, { approval: id as ApprovalId, signature }).then(
        () => answered.push(id),
        () => undefined,
      );
    }
  }
}
