import type { AuthenticatedCaller, Look } from '@surety/contract/enforcement';
import type { Feed } from '#change/feed';
import { hearNewer } from '#change/hear-newer';
import type { AuthorityFacts } from '#delegation/authority-facts';
import type { SeenAt } from '#flow/keep-look';
import type { Flow } from '#flow/open-flow';
import type { Db } from '#kernel/db';
import { Fault } from '#kernel/fault';
import type { CommitResult, CommitUnit } from '#ledger/commit-queue';

export type SeenRoom = {
  readonly flow: Pick<Flow, 'keep' | 'kept'>;
  readonly authority: Pick<AuthorityFacts, 'task'>;
  readonly feed: Feed;
  readonly db: Db;
};

/** Something that came from a system, and who is to have it. `action` is empty for what came outside of a call. */
export type SeenPlace = {
  readonly caller: AuthenticatedCaller;
  readonly system: string;
  readonly operation: string;
  readonly action: string;
  readonly look: Look | undefined;
};

/** The part of a commit that makes what was seen part of a tree. Empty where nothing is new. */
export type SeenUnit = Pick<CommitUnit, 'sights' | 'fence'>;

/** How often what was seen is labelled again because the labels of the tree changed meanwhile. */
const maxLooks = 5;

/**
 * Step 8 of the life of a call. Labels that are new to the tree of its task are durable before what `commit` writes, the values
 * that were seen with it; so nothing of it can be released before. A caller without a task has no tree. Fault
 * `service.not_ready`.
 */
export async function commitSeen(
  { flow, authority, feed, db }: SeenRoom,
  { caller, look, action, ...called }: SeenPlace,
  commit: (seen: SeenUnit) => Promise<CommitResult>,
): Promise<void> {
  const { task } = caller;
  if (look === undefined || task === undefined || look.labels.length + look.values.length === 0) return void (await commit({}));
  const root = (await authority.task(task))?.root;
  if (root === undefined) throw new Fault('service.not_ready', 'the task of a call is not known');
  const at: SeenAt = { root, task, actor: caller.principal, action, ...called };
  for (let looks = 1; looks <= maxLooks; looks++) {
    const toKeep = await flow.keep(at, look);
    const { sights, fence } = toKeep;
    const unit = { ...(sights.length === 0 ? {} : { sights }), ...(fence.keys.length === 0 ? {} : { fence }) };
    if ((await commit(unit)) !== 'stale') return flow.kept(at, toKeep);
    await hearNewer({ feed, db }, fence.change);
  }
  throw new Fault('service.not_ready', 'the labels of the task kept changing');
}
