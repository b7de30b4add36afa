import type { Agent } from '@surety/contract/agent';
import type { AuthenticatedCaller, GuardedSystem } from '@surety/contract/enforcement';
import type { Human } from '@surety/contract/human';
import type { Task } from '@surety/contract/task';
import type { AgentFacts, OwnerFacts, Standing, TaskFacts } from '@surety/decision/call-facts';
import { newestCutoff } from '#authn/read-standing';
import type { SystemFacts } from '#catalogue/system-facts';
import type { Feed } from '#change/feed';
import type { AuthorityFacts, MandateFact } from '#delegation/authority-facts';
import type { Clock } from '#kernel/clock';
import { Fault } from '#kernel/fault';
import type { PolicyFacts } from '#policy/policy-facts';
import type { PrincipalFacts } from '#registry/principal-facts';
import type { PolicyShelf } from './policy-shelf.ts';

/** Where the facts of a call come from. */
export type FactRoom = {
  readonly feed: Pick<Feed, 'applied' | 'isFresh' | 'cutoffOf' | 'catchUp'>;
  readonly facts: Pick<PrincipalFacts, 'agent' | 'human' | 'workload'>;
  readonly policies: PolicyFacts;
  readonly systems: Pick<SystemFacts, 'byName'>;
  readonly authority: AuthorityFacts;
  readonly clock: Clock;
};

/** What a decision stands on: when a change numbered above `change` touches one of `keys`, it must be made again. */
export type Fence = { readonly change: number; readonly keys: readonly string[] };

/** What is known of a caller and a system, and how it is known. */
export type Gathered = {
  readonly standing: Standing;
  readonly system: GuardedSystem | undefined;
  readonly fence: Fence;
  /** SHA-256 of the documents that were read, as the ledger knows them. */
  readonly digests: { readonly roles: readonly string[]; readonly organisation: string };
  /** The person who answers for the caller; empty when nobody is known to. */
  readonly answerable: string;
};

/**
 * Gathers what is true of a caller now. The number of the newest applied change is taken before anything is read, so that
 * whatever changes meanwhile is above it and the commit is refused. Whether the news is fresh is asked last. Faults
 * `token.ended` when what the caller came with was cut off since it was authenticated, `service.not_ready` when the facts
 * cannot be read.
 */
export async function gather(
  room: FactRoom,
  shelf: PolicyShelf,
  caller: AuthenticatedCaller,
  systemName: string | undefined,
): Promise<Gathered> {
  room.feed.catchUp();
  const change = room.feed.applied();
  const [agent, task, mandate, organisation, system] = await Promise.all([
    room.facts.agent(caller.principal),
    caller.task === undefined ? undefined : room.authority.task(caller.task),
    room.authority.mandate(caller.principal),
    room.policies.organisation(),
    systemName === undefined ? undefined : room.systems.byName(systemName),
  ]);
  const owner = agent && (await room.facts.human(agent.owner));
  const roles = owner === undefined ? [] : await room.policies.roles(owner.roles);
  const answerable = await answerableFor(room, caller, agent);
  if (isCutOff(room.feed, caller, agent)) throw new Fault('token.ended', 'cut off while the call was on its way');
  const shelved = {
    roles: roles.map((role) => ({ role, ...shelf.role(role.name, role.document) })),
    organisation: shelf.organisation(organisation),
  };
  return {
    standing: {
      nowMs: room.clock(),
      isFresh: room.feed.isFresh(),
      agent: agent && agentFacts(agent),
      owner: owner && ownerFacts(owner),
      task: task && taskFacts(task),
      system: system && { id: system.id, name: system.name, revision: system.revision },
      mandate: mandate && mandateFacts(shelf, mandate),
      roles: shelved.roles.map(({ role, policies }) => ({ name: role.name, revision: role.revision, policies })),
      organisation: { version: organisation.version, policies: shelved.organisation.policies },
    },
    system,
    fence: { change, keys: fenceKeys(caller, { agent, owner, system }) },
    digests: { roles: shelved.roles.map(({ digest }) => digest), organisation: shelved.organisation.digest },
    answerable,
  };
}

/** Every link of the chain whose change makes the decision another. */
function fenceKeys(
  { principal, credential, task, tokenId }: AuthenticatedCaller,
  { agent, owner, system }: { agent: Agent | undefined; owner: Human | undefined; system: GuardedSystem | undefined },
): readonly string[] {
  const known = [agent?.owner, system?.id].filter((key) => key !== undefined);
  const roles = (owner?.roles ?? []).map((role) => `role:${role}`);
  return [principal, credential, tokenId, ...(task === undefined ? [] : [task]), ...known, 'policy', ...roles];
}

/** A cut-off of a token, credential or task is final; one of the agent or its owner ends what was issued at or before it. */
function isCutOff(
  feed: FactRoom['feed'],
  { credential, task, tokenId, issuedAtSeconds }: AuthenticatedCaller,
  agent: Agent | undefined,
): boolean {
  const isOver = [tokenId, credential, task].some((key) => key !== undefined && feed.cutoffOf(key) !== undefined);
  if (isOver || agent === undefined) return isOver;
  return (
    issuedAtSeconds * 1000 <= newestCutoff(feed, { live: true, principal: { kind: 'agent', one: agent }, owner: agent.owner })
  );
}

/** A human answers alone; a workload's owner answers for it. */
async function answerableFor(
  { facts }: FactRoom,
  { principal, kind }: AuthenticatedCaller,
  agent: Agent | undefined,
): Promise<string> {
  if (kind === 'human') return principal;
  if (kind === 'workload') return (await facts.workload(principal))?.owner ?? '';
  return agent?.owner ?? '';
}

function agentFacts({ id, name, state, riskTier, autonomy, owner }: Agent): AgentFacts {
  return { id, name, state, riskTier, autonomy, owner };
}

function ownerFacts({ id, name, state, roles, groups }: Human): OwnerFacts {
  return { id, name, state, roles, groups };
}

function taskFacts({ id, agent, requester, trigger, state, expiresAt }: Task): TaskFacts {
  return { id, agent, requester, trigger, state, expiresAtMs: Date.parse(expiresAt) };
}

/** A document whose signature does not hold is not even compiled: nothing in it may be believed. */
function mandateFacts(
  shelf: PolicyShelf,
  { id, version, document, documentDigest, signatureHolds }: MandateFact,
): NonNullable<Standing['mandate']> {
  return { id, version, documentDigest, signatureHolds, policies: signatureHolds ? shelf.mandate(id, document) : undefined };
}
