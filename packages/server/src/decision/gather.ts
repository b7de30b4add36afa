import type { Agent } from '@surety/contract/agent';
import type { AuthenticatedCaller, GuardedSystem } from '@surety/contract/enforcement';
import type { Human } from '@surety/contract/human';
import type { Task } from '@surety/contract/task';
import type { AgentFacts, HumanFacts, LinkFacts, Standing, TaskFacts } from '@surety/decision/call-facts';
import { isEnded } from '#authn/read-chain';
import { newestCutoff } from '#authn/read-standing';
import type { SystemFacts } from '#catalogue/system-facts';
import type { Feed } from '#change/feed';
import type { AuthorityFacts, MandateFact } from '#delegation/authority-facts';
import type { Clock } from '#kernel/clock';
import { Fault } from '#kernel/fault';
import { policyFor } from '#policy/is-staged-for';
import type { PolicyFacts } from '#policy/policy-facts';
import type { PrincipalFacts } from '#registry/principal-facts';
import { gatherChain, gatherCopy, keysAbove, type StoredChain, type StoredLink } from './gather-chain.ts';
import type { PolicyShelf } from './policy-shelf.ts';

/** Where the facts of a call come from. */
export type FactRoom = {
  readonly feed: Pick<Feed, 'applied' | 'isFresh' | 'cutoffOf' | 'catchUp'>;
  readonly facts: Pick<PrincipalFacts, 'agent' | 'human' | 'workload' | 'credential'>;
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
  /** Who asked at the root of the caller's task: a person, or the agent there; the caller, when it works under none. */
  readonly requester: string;
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
  const [known, published, system] = await Promise.all([
    gatherCaller(room, caller),
    room.policies.organisation(),
    systemName === undefined ? undefined : room.systems.byName(systemName),
  ]);
  const { chain, agent } = known;
  const organisation = policyFor(published, caller.principal, known.owner?.groups ?? []);
  const human = humanAtRoot(known);
  const roles = human === undefined ? [] : await room.policies.roles(human.roles);
  const answerable = await answerableFor(room, caller, human);
  if (isCutOff(room.feed, caller, known)) throw new Fault('token.ended', 'cut off while the call was on its way');
  const shelved = {
    roles: roles.map((role) => ({ role, ...shelf.role(role.name, role.document, chain.isRequested) })),
    organisation: shelf.organisation(organisation),
  };
  return {
    standing: {
      nowMs: room.clock(),
      isFresh: room.feed.isFresh(),
      agent: agent && agentFacts(agent),
      owner: known.owner && humanFacts(known.owner),
      task: known.task && taskFacts(shelf, known.task),
      system: system && { id: system.id, name: system.name, revision: system.revision },
      mandate: known.mandate && mandateFacts(shelf, known.mandate),
      chain: chain.above?.map((link) => linkFacts(shelf, link)),
      requester: chain.requester && humanFacts(chain.requester),
      roles: shelved.roles.map(({ role, policies }) => ({ name: role.name, revision: role.revision, policies })),
      organisation: { version: organisation.version, policies: shelved.organisation.policies, rules: organisation.rules },
    },
    system,
    fence: { change, keys: fenceKeys(caller, known, { human, system }) },
    digests: { roles: shelved.roles.map(({ digest }) => digest), organisation: shelved.organisation.digest },
    answerable,
    requester: requesterOf(caller, chain),
  };
}

/** Who asked at the root, or who answers for the agent there. */
function humanAtRoot({ chain, owner }: KnownCaller): Human | undefined {
  if (chain.isRequested) return chain.requester;
  return chain.above?.length ? chain.above[0]?.owner : owner;
}

/** The caller's own link, and the chain that it ends. */
type KnownCaller = {
  readonly agent: Agent | undefined;
  readonly owner: Human | undefined;
  readonly task: Task | undefined;
  readonly mandate: MandateFact | undefined;
  readonly chain: StoredChain;
};

async function gatherCaller(room: FactRoom, caller: AuthenticatedCaller): Promise<KnownCaller> {
  const [agent, mandate, task, chain] = await Promise.all([
    gatherCopy(room.facts, caller.principal, caller.credential),
    room.authority.mandate(caller.principal),
    caller.task === undefined ? undefined : room.authority.task(caller.task),
    gatherChain(room, caller.task),
  ]);
  const owner = agent && (await room.facts.human(agent.owner));
  return { agent, owner, task, mandate, chain };
}

/** Every link of the chain whose change makes the decision another. */
function fenceKeys(
  { principal, credential, task, tokenId }: AuthenticatedCaller,
  { owner, chain }: KnownCaller,
  { human, system }: { human: Human | undefined; system: GuardedSystem | undefined },
): readonly string[] {
  const known = [task, owner?.id, human?.id, system?.id].filter((key) => key !== undefined);
  const above = keysAbove(chain).map(({ key }) => key);
  const roles = (human?.roles ?? []).map((role) => `role:${role}`);
  return [...new Set([principal, credential, tokenId, ...known, ...above, 'policy', ...roles])];
}

/**
 * A cut-off of a token, credential or task is final; one of the agent or its owner ends what was issued at or before it, and
 * one of anybody above ends what hangs on it since before.
 */
function isCutOff(
  feed: FactRoom['feed'],
  { credential, task, tokenId, issuedAtSeconds, above = [] }: AuthenticatedCaller,
  { agent, chain }: KnownCaller,
): boolean {
  const isOver = [tokenId, credential, task].some((key) => key !== undefined && feed.cutoffOf(key) !== undefined);
  if (isOver || [...above, ...keysAbove(chain)].some((link) => isEnded(feed, link))) return true;
  if (agent === undefined) return false;
  return (
    issuedAtSeconds * 1000 <= newestCutoff(feed, { live: true, principal: { kind: 'agent', one: agent }, owner: agent.owner })
  );
}

/** A human answers alone; a workload's owner answers for it; for an agent the human at the root of its task. */
async function answerableFor(
  { facts }: FactRoom,
  { principal, kind }: AuthenticatedCaller,
  human: Human | undefined,
): Promise<string> {
  if (kind === 'human') return principal;
  if (kind === 'workload') return (await facts.workload(principal))?.owner ?? '';
  return human?.id ?? '';
}

function requesterOf({ principal }: AuthenticatedCaller, { root }: StoredChain): string {
  return root?.requester ?? principal;
}

function linkFacts(shelf: PolicyShelf, { task, agent, owner, mandate }: StoredLink): LinkFacts {
  return {
    agent: agent && agentFacts(agent),
    owner: owner && humanFacts(owner),
    task: taskFacts(shelf, task),
    mandate: mandate && mandateFacts(shelf, mandate),
  };
}

function agentFacts({ id, name, state, riskTier, autonomy, owner }: Agent): AgentFacts {
  return { id, name, state, riskTier, autonomy, owner };
}

function humanFacts({ id, name, state, roles, groups }: Human): HumanFacts {
  return { id, name, state, roles, groups };
}

function taskFacts(shelf: PolicyShelf, task: Task): TaskFacts {
  const { id, agent, requester, trigger, state, expiresAt, parent, root, depth, grant } = task;
  const hop = grant && {
    details: grant.details,
    audiences: grant.audiences,
    depthLeft: grant.depthLeft,
    expiresAtMs: Date.parse(grant.expiresAt),
    policies: shelf.hop(id, agent, grant),
  };
  return { id, agent, requester, trigger, state, expiresAtMs: Date.parse(expiresAt), parent, root, depth, hop };
}

/** A document whose signature does not hold is not even compiled: nothing in it may be believed. */
function mandateFacts(
  shelf: PolicyShelf,
  { id, version, document, documentDigest, signatureHolds }: MandateFact,
): NonNullable<Standing['mandate']> {
  return { id, version, documentDigest, signatureHolds, policies: signatureHolds ? shelf.mandate(id, document) : undefined };
}
