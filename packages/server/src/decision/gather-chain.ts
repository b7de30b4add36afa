import type { Agent } from '@surety/contract/agent';
import type { LinkAbove } from '@surety/contract/enforcement';
import type { Human } from '@surety/contract/human';
import type { Task } from '@surety/contract/task';
import type { AuthorityFacts, MandateFact } from '#delegation/authority-facts';
import { instanceAutonomy } from '#registry/instance-autonomy';
import type { PrincipalFacts } from '#registry/principal-facts';

/** What is stored of an agent above. */
export type StoredLink = {
  readonly task: Task;
  readonly agent: Agent | undefined;
  readonly owner: Human | undefined;
  readonly mandate: MandateFact | undefined;
};

/** What is stored above a task. */
export type StoredChain = {
  /** The agents above, the root's first. Undefined when the path is not whole, or there is no task. */
  readonly above: readonly StoredLink[] | undefined;
  /** The whole path, the root first and the task itself last; empty when it is not whole. */
  readonly tasks: readonly Task[];
  readonly root: Task | undefined;
  /** Whether somebody else than the root's own agent asked. */
  readonly isRequested: boolean;
  /** The person who asked at the root; undefined on an agent's own trigger, or when the person is not known. */
  readonly requester: Human | undefined;
};

type ChainRoom = { readonly facts: Pick<PrincipalFacts, 'agent' | 'human' | 'credential'>; readonly authority: AuthorityFacts };

/** Reads what is above a task from the tree of tasks: of what the caller presents, only the name of its task counts. */
export async function gatherChain(room: ChainRoom, taskId: string | undefined): Promise<StoredChain> {
  const tasks = taskId === undefined ? undefined : await room.authority.chain(taskId);
  const root = tasks?.[0];
  if (tasks === undefined || root === undefined || tasks.at(-1)?.id !== taskId) return noChain;
  const isRequested = root.requester !== root.agent;
  const [above, requester] = await Promise.all([
    Promise.all(tasks.slice(0, -1).map((task) => gatherLink(room, task))),
    isRequested ? room.facts.human(root.requester) : undefined,
  ]);
  return { above, tasks, root, isRequested, requester };
}

const noChain: StoredChain = { above: undefined, tasks: [], root: undefined, isRequested: false, requester: undefined };

async function gatherLink({ facts, authority }: ChainRoom, task: Task): Promise<StoredLink> {
  const [agent, mandate] = await Promise.all([gatherCopy(facts, task.agent, task.instance), authority.mandate(task.agent)]);
  return { task, agent, owner: agent && (await facts.human(agent.owner)), mandate };
}

/** An agent as this one running copy of it may act: what nobody accepted that it is made of only reads. */
export async function gatherCopy(
  facts: Pick<PrincipalFacts, 'agent' | 'credential'>,
  agentId: string,
  credentialId: string | null,
): Promise<Agent | undefined> {
  const [agent, copy] = await Promise.all([
    facts.agent(agentId),
    credentialId === null ? undefined : facts.credential(credentialId),
  ]);
  return agent && { ...agent, autonomy: instanceAutonomy(agent, copy) };
}

/**
 * Everything above whose end ends what hangs below: what was passed on before a cut-off stays dead. What a hop was granted by
 * (the key and the token of whoever handed it on) is above it too.
 */
export function keysAbove({ tasks, above = [], root, requester }: StoredChain): readonly LinkAbove[] {
  const asked = requester === undefined || root === undefined ? [] : [{ key: requester.id, sinceMs: Date.parse(root.createdAt) }];
  const grounds = tasks.flatMap(({ grant }) => [grant?.offer, grant?.by]);
  const links = above.flatMap(({ task, agent, owner }) => {
    const sinceMs = Date.parse(task.createdAt);
    const principals = [agent?.id, owner?.id].filter((key) => key !== undefined).map((key) => ({ key, sinceMs }));
    return [{ key: task.id }, ...(task.instance === null ? [] : [{ key: task.instance }]), ...principals];
  });
  return [...asked, ...links, ...grounds.filter((key) => key !== undefined).map((key) => ({ key }))];
}
