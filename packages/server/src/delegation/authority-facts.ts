import type { MandateDocument } from '@surety/contract/mandate';
import type { Task } from '@surety/contract/task';
import { createFactCache } from '#change/fact-cache';
import type { Feed } from '#change/feed';
import type { Db } from '#kernel/db';
import { listCredentials } from '#registry/credential-store';
import { handedOnKey } from './hop.ts';
import { checkStoredMandate } from './mandate-signature.ts';
import { findNewestMandate, listSummedPointers } from './mandate-store.ts';
import { findChain, findTask } from './task-store.ts';

/**
 * The mandate in force. Where the signature does not hold, nothing in the document may be believed, and it is the empty
 * one when what is stored is no mandate at all.
 */
export type MandateFact = {
  readonly id: string;
  readonly version: number;
  readonly document: MandateDocument;
  readonly documentDigest: string;
  readonly signatureHolds: boolean;
};

/** What agents were given to do, from memory where it is fresh. Expiry is for whoever decides to look at. */
export type AuthorityFacts = {
  /** The active mandate of an agent; its signature was verified when it was read. Undefined when the agent has none. */
  mandate(agentId: string): Promise<MandateFact | undefined>;
  /**
   * Whether an agent had a mandate that is over at an instant, in ms since the epoch, and has no other. False for one that
   * never had any.
   */
  hasLostMandate(agentId: string, now: number): Promise<boolean>;
  task(id: string): Promise<Task | undefined>;
  /** The path from the root of a task's tree down to it, itself last, as it is stored. Undefined when it is not whole. */
  chain(taskId: string): Promise<readonly Task[] | undefined>;
  /** Numbers in arguments that the limit of some mandate sums or has summed, by JSON pointer. */
  summed(): Promise<readonly string[]>;
};

/** Announced when a mandate with limits is given. */
export const limitsKey = 'limits';

/** Kept of an agent whose newest mandate is not in force. */
type LostMandate = 'lost';

const maxMandates = 20_000;
const maxTasks = 50_000;

export function openAuthorityFacts({ db, feed }: { readonly db: Db; readonly feed: Feed }): AuthorityFacts {
  const mandates = createFactCache<MandateFact | LostMandate>({
    feed,
    max: maxMandates,
    load: (agent) => loadMandate(db, agent),
    keysOf: (agent) => [agent],
  });
  const tasks = createFactCache<Task>({
    feed,
    max: maxTasks,
    load: (id) => findTask(db, id),
    keysOf: (_id, task) => keysOf(task),
  });
  const chains = createFactCache<readonly Task[]>({
    feed,
    max: maxTasks,
    load: (id) => findChain(db, id),
    keysOf: (_id, chain) => chain.flatMap(keysOf),
  });
  const summed = createFactCache<readonly string[]>({
    feed,
    max: 1,
    load: () => listSummedPointers(db),
    keysOf: () => [limitsKey],
  });
  return {
    async mandate(agentId) {
      const found = await mandates.get(agentId);
      return found === 'lost' ? undefined : found;
    },
    async hasLostMandate(agentId, now) {
      const found = await mandates.get(agentId);
      return found !== undefined && (found === 'lost' || Date.parse(found.document.expiresAt) <= now);
    },
    task: (id) => tasks.get(id),
    chain: (id) => chains.get(id),
    summed: async () => (await summed.get(limitsKey)) ?? [],
  };
}

/** Whose change may end a task: its own, and a cut-off of its agent, of who asked for it, or of what it came of. */
function keysOf({ id, agent, requester, grant }: Task): readonly string[] {
  return grant?.offer === undefined ? [id, agent, requester] : [id, agent, requester, handedOnKey(grant.offer)];
}

/** Only the newest version can be in force: an older one that was made active again behind our back is not. */
async function loadMandate(db: Db, agent: string): Promise<MandateFact | LostMandate | undefined> {
  const stored = await findNewestMandate(db, agent);
  if (stored === undefined) return undefined;
  if (stored.state !== 'active') return 'lost';
  const { document, signatureHolds } = checkStoredMandate(stored, await listCredentials(db, stored.givenBy));
  const { id, version, documentDigest } = stored;
  return { id, version, document: document ?? nothing(stored.agent), documentDigest, signatureHolds };
}

function nothing(agent: MandateDocument['agent']): MandateDocument {
  return { agent, purpose: 'unreadable', autonomy: 'observe', expiresAt: new Date(0).toISOString(), permissions: [] };
}
