import type { AgentAction } from '@surety/contract/delegation';
import type { Task } from '@surety/contract/task';
import { type AccessTokenClaims, type AuthenticationClaims, mintAccessToken } from '@surety/proof/access-token';
import type { DpopProof } from '@surety/proof/dpop';
import type { AuthenticatedClient } from '#authn/authenticate-client';
import { type ChainClaims, chainClaims, profiles } from '#authn/chain-claims';
import { orNotReady } from '#authn/proof-fault';
import { type LiveLink, openingKeys } from '#authn/read-chain';
import { newestCutoff, readStanding, type Standing } from '#authn/read-standing';
import { hearNewer } from '#change/hear-newer';
import { detailsDigest } from '#delegation/hop';
import { hopGranted, taskOpened } from '#delegation/mint-task';
import { isOpen } from '#delegation/task';
import { instant } from '#kernel/clock';
import { Fault } from '#kernel/fault';
import { newId } from '#kernel/id';
import { type Spend, spendKey } from '#ledger/commit-queue';
import { entryOf } from '#ledger/entry';
import { kindOf } from '#registry/principal';
import { signedInAtRoot } from '#signin/authentication-claims';
import type { IssuanceRoom } from './issuance-room.ts';
import type { Resource } from './resource-indicator.ts';

/** Who asks for a token, and by which key it will be used. */
export type Applicant = { readonly client: AuthenticatedClient; readonly proof: DpopProof };

/** Someone whose principal, owner and credential are live. */
export type LiveStanding = Extract<Standing, { live: true }>;

/** What a grant gives: a token for this resource and task. `isNew`: the task is opened with the token. */
export type Granted = {
  readonly resource: Resource;
  readonly scope: string;
  readonly task: Task | undefined;
  readonly isNew: boolean;
  /** The links of the task's chain that are stored and live, root first; those above, when the task is new. */
  readonly links?: readonly LiveLink[];
  /** Of a token that is to be handed on. */
  readonly handedOn?: HandedOn;
  /** What the token came from and uses up with it. */
  readonly spends?: readonly Spend[];
  /** How the person signed in whose consent it came of; as the root of the task has it, when left out. */
  readonly signedIn?: AuthenticationClaims;
};

/** Whom a token is handed to, and what the hop is to be (RFC 8693 §4.4). */
export type HandedOn = Required<Pick<AccessTokenClaims, 'may_act' | 'delegation'>> & {
  readonly details: readonly AgentAction[] | null;
};

/** What is answered (RFC 6749 §5.1, RFC 9449 §5). `task` is ours: name it to go on with the same unit of work. */
export type TokenResponse = {
  readonly access_token: string;
  /** `Bearer` of a token that is bound to a certificate (RFC 8705 §3), which it is worth nothing without. */
  readonly token_type: 'DPoP' | 'Bearer';
  readonly expires_in: number;
  readonly scope: string;
  readonly task?: string;
  /** RFC 6749 §6; where a person agreed. */
  readonly refresh_token?: string;
  /** RFC 8693 §2.2.1; where a token was exchanged. */
  readonly issued_token_type?: string;
  /** RFC 9396 §7: what the token is narrowed to. */
  readonly authorization_details?: readonly unknown[];
};

/** How often a token is granted anew because what it was granted on changed before it was committed. */
const maxRounds = 3;

/** How long a used proof or assertion is remembered past its end, in milliseconds. */
const slackMs = 120_000;

/**
 * Issues a token to a client that is live, on what `grant` gives it. The token leaves only after one commit has spent the
 * assertion and the proof and recorded the token, with its task when that is new; and only if nothing it stands on has
 * changed until then: otherwise everything is looked at again. Faults `grant.refused`, `client.assertion_replayed`,
 * `service.not_ready`, and what `grant` throws.
 */
export async function issueToken(
  room: IssuanceRoom,
  applicant: Applicant,
  grant: (standing: LiveStanding) => Promise<Granted>,
): Promise<TokenResponse> {
  const spends = spendsOf(applicant);
  for (let round = 0; round < maxRounds; round++) {
    if (!room.feed.isFresh()) throw new Fault('service.not_ready', 'the change feed is stale');
    const change = room.feed.applied();
    const standing = await readLiveStanding(room, applicant.client);
    const granted = await orNotReady(grant(standing));
    const { response, claims } = mint(room, applicant, { standing, granted, change });
    const result = await orNotReady(
      room.queue.commit({
        entries: entriesFor(room, applicant, { granted, claims }),
        tasks: granted.isNew && granted.task !== undefined ? [granted.task] : [],
        spends: round === 0 ? [...spends, ...(granted.spends ?? [])] : [],
        fence: { change, keys: fenceKeys(applicant.client, { standing, granted }) },
      }),
    );
    if (result === 'committed') return response;
    if (result === 'replayed') throw usedBefore(granted);
    await hearNewer(room, change);
  }
  throw new Fault('service.not_ready', 'what the token stands on kept changing');
}

/** The commit does not say which of what it was to spend had been spent. */
function usedBefore({ spends = [] }: Granted): Fault {
  return spends.length === 0
    ? new Fault('client.assertion_replayed', 'the assertion or the proof was used before')
    : new Fault('subject.refused', 'what was presented, the assertion or the proof was used before');
}

async function readLiveStanding(room: IssuanceRoom, { clientId, credential }: AuthenticatedClient): Promise<LiveStanding> {
  const standing = await orNotReady(readStanding(room.facts, clientId, credential.id));
  if (!standing.live) throw new Fault('grant.refused', standing.why);
  return standing;
}

function spendsOf({ client, proof }: Applicant): readonly Spend[] {
  const used = { key: spendKey('dpop', proof.jkt, proof.jti), expiresAtMs: proof.iat * 1_000 + slackMs };
  if (client.isSpent === true) return [used];
  return [
    { key: spendKey('assertion', client.clientId, client.jti), expiresAtMs: client.expiresAtSeconds * 1_000 + slackMs },
    used,
  ];
}

type Grounds = { readonly standing: LiveStanding; readonly granted: Granted };

/** `change`: number of the newest change that was applied before anything was looked at. */
type Dated = Grounds & { readonly change: number };

/** Whose change between the first look and the commit makes the token one that would not be issued. */
function fenceKeys({ clientId, credential }: AuthenticatedClient, { standing, granted }: Grounds): readonly string[] {
  const { owner } = standing;
  const task = granted.isNew ? undefined : granted.task?.id;
  const keys = new Set(granted.links === undefined ? [] : keysAbove(granted.links));
  keys.add(clientId).add(credential.id);
  for (const key of granted.resource.keys) keys.add(key);
  if (owner !== undefined) keys.add(owner);
  if (task !== undefined) keys.add(task);
  return [...keys];
}

/** Everything that a chain stands on, each once; put together once for a chain that is kept. */
function keysAbove(links: readonly LiveLink[]): readonly string[] {
  const before = keysOfChains.get(links);
  if (before !== undefined) return before;
  const keys = links.flatMap(({ task, principal, owner }) => [
    task.id,
    task.requester,
    principal.one.id,
    ...openingKeys(task),
    ...(owner === undefined ? [] : [owner]),
  ]);
  const each = [...new Set(keys)];
  keysOfChains.set(links, each);
  return each;
}

const keysOfChains = new WeakMap<readonly LiveLink[], readonly string[]>();

/**
 * The claims and the token (RFC 9068 §2). A token ends with its task. It is dated behind the newest cut-off of what it
 * stands on, a few seconds ahead of now when that was a moment ago: the cut-off was for what came before.
 */
function mint(room: IssuanceRoom, { client, proof }: Applicant, { standing, granted, change }: Dated) {
  const now = room.clock();
  const { task, resource, scope } = granted;
  if (task !== undefined && !isOpen(task, now)) throw new Fault('grant.refused', 'the task is over');
  const seconds = Math.floor(now / 1_000);
  const newest = Math.max(...[standing, ...(granted.links ?? [])].map((link) => newestCutoff(room.feed, link)));
  const iat = Math.max(seconds, Math.floor(newest / 1_000) + 1);
  const exp = Math.min(
    seconds + room.accessTokenSeconds,
    task === undefined ? Infinity : Math.floor(Date.parse(task.expiresAt) / 1_000),
  );
  if (exp <= iat) throw new Fault('grant.refused', 'the token would end before it begins');
  const claims: AccessTokenClaims = {
    iss: room.issuer,
    ...subjectOf(room.issuer, client.clientId, granted),
    client_id: client.clientId,
    aud: resource.audience,
    iat,
    exp,
    jti: newId('token', now),
    scope,
    cnf: proof.x5t === undefined ? { jkt: proof.jkt } : { 'x5t#S256': proof.x5t },
    ...(task === undefined ? {} : { task: task.id }),
    instance: client.credential.id,
    change,
    ...narrowedTo(granted),
    ...(granted.signedIn ?? signedInAtRoot(granted.links?.[0]?.task ?? task)),
  };
  const response: TokenResponse = {
    access_token: mintAccessToken(room.keyRing.tokenKey(), claims),
    token_type: proof.x5t === undefined ? 'DPoP' : 'Bearer',
    expires_in: exp - seconds,
    scope,
    ...(task === undefined ? {} : { task: task.id }),
    ...(claims.authorization_details === undefined ? {} : { authorization_details: claims.authorization_details }),
  };
  return { claims, response };
}

/** For whom and through whom the client acts: as the stored chain has it, with the task that is opened now. */
function subjectOf(issuer: string, clientId: string, { task, links = [], isNew }: Granted): ChainClaims {
  const stored = links.map((link) => link.task);
  const chain = isNew && task !== undefined ? [...stored, task] : stored;
  const alone = { sub: clientId, sub_profile: profiles[kindOf(clientId) ?? 'agent'] };
  return chain.length === 0 ? alone : chainClaims(issuer, chain);
}

function narrowedTo({ task, handedOn }: Granted): Partial<AccessTokenClaims> {
  const details = handedOn === undefined ? task?.grant?.details : handedOn.details;
  return {
    ...(details === undefined || details === null ? {} : { authorization_details: details }),
    ...(handedOn === undefined ? {} : { may_act: handedOn.may_act, delegation: handedOn.delegation }),
  };
}

function entriesFor(
  room: IssuanceRoom,
  { client: { clientId, credential }, proof: { jkt } }: Applicant,
  what: { granted: Granted; claims: AccessTokenClaims },
) {
  const {
    granted: { task, isNew },
    claims,
  } = what;
  const issued = entryOf(
    {
      type: 'token.issued',
      actor: clientId,
      about: clientId,
      task: task?.id,
      data: {
        tokenId: claims.jti,
        credential: credential.id,
        task: task?.id ?? null,
        audience: claims.aud,
        jkt,
        expiresAt: instant(claims.exp * 1_000),
      },
    },
    room.clock,
  );
  return [
    ...(isNew && task !== undefined ? openedEntries(room, task, clientId) : []),
    ...(what.granted.handedOn === undefined ? [] : [offeredEntry(room, clientId, { ...what, handedOn: what.granted.handedOn })]),
    issued,
  ];
}

function openedEntries({ clock }: IssuanceRoom, task: Task, actor: string) {
  const hop = hopGranted(task, actor);
  return [entryOf(taskOpened(task, actor), clock), ...(hop === undefined ? [] : [entryOf(hop, clock)])];
}

function offeredEntry(
  { clock }: IssuanceRoom,
  clientId: string,
  { claims, granted: { task }, handedOn }: { claims: AccessTokenClaims; granted: Granted; handedOn: HandedOn },
) {
  return entryOf(
    {
      type: 'delegation.offered',
      actor: clientId,
      about: clientId,
      task: task?.id,
      data: {
        tokenId: claims.jti,
        to: handedOn.may_act.sub,
        task: task?.id ?? null,
        depth: handedOn.delegation.depth,
        details: detailsDigest(handedOn.details),
        expiresAt: instant(claims.exp * 1_000),
      },
    },
    clock,
  );
}
