import type { Task } from '@surety/contract/task';
import { type AccessTokenClaims, mintAccessToken, type SubjectProfile } from '@surety/proof/access-token';
import type { DpopProof } from '@surety/proof/dpop';
import type { AuthenticatedClient } from '#authn/authenticate-client';
import { orNotReady } from '#authn/proof-fault';
import { newestCutoff, readStanding, type Standing } from '#authn/read-standing';
import { hearNewer } from '#change/hear-newer';
import { taskOpened } from '#delegation/mint-task';
import { isOpen } from '#delegation/task';
import { instant } from '#kernel/clock';
import { Fault } from '#kernel/fault';
import { newId } from '#kernel/id';
import { type Spend, spendKey } from '#ledger/commit-queue';
import { entryOf } from '#ledger/entry';
import type { PrincipalKind } from '#registry/principal';
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
};

/** What is answered (RFC 6749 §5.1, RFC 9449 §5). `task` is ours: name it to go on with the same unit of work. */
export type TokenResponse = {
  readonly access_token: string;
  readonly token_type: 'DPoP';
  readonly expires_in: number;
  readonly scope: string;
  readonly task?: string;
};

/** How often a token is granted anew because what it was granted on changed before it was committed. */
const maxRounds = 3;

/** How long a used proof or assertion is remembered past its end, in milliseconds. */
const slackMs = 120_000;

const profiles: Readonly<Record<PrincipalKind, SubjectProfile>> = { agent: 'ai_agent', workload: 'service', human: 'user' };

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
    const { response, claims } = mint(room, applicant, { standing, granted });
    const result = await orNotReady(
      room.queue.commit({
        entries: entriesFor(room, applicant.client, { granted, claims }),
        tasks: granted.isNew && granted.task !== undefined ? [granted.task] : [],
        spends: round === 0 ? spends : [],
        fence: { change, keys: fenceKeys(applicant.client, { standing, granted }) },
      }),
    );
    if (result === 'committed') return response;
    if (result === 'replayed') throw new Fault('client.assertion_replayed', 'the assertion or the proof was used before');
    await hearNewer(room.feed, change);
  }
  throw new Fault('service.not_ready', 'what the token stands on kept changing');
}

async function readLiveStanding(room: IssuanceRoom, { clientId, credential }: AuthenticatedClient): Promise<LiveStanding> {
  const standing = await orNotReady(readStanding(room.facts, clientId, credential.id));
  if (!standing.live) throw new Fault('grant.refused', standing.why);
  return standing;
}

function spendsOf({ client, proof }: Applicant): readonly Spend[] {
  return [
    { key: spendKey('assertion', client.clientId, client.jti), expiresAtMs: client.expiresAtSeconds * 1_000 + slackMs },
    { key: spendKey('dpop', proof.jkt, proof.jti), expiresAtMs: proof.iat * 1_000 + slackMs },
  ];
}

type Grounds = { readonly standing: LiveStanding; readonly granted: Granted };

/** Whose change between the first look and the commit makes the token one that would not be issued. */
function fenceKeys({ clientId, credential }: AuthenticatedClient, { standing, granted }: Grounds): readonly string[] {
  const { owner } = standing;
  const task = granted.isNew ? undefined : granted.task?.id;
  return [clientId, credential.id, ...granted.resource.keys, ...[owner, task].filter((key) => key !== undefined)];
}

/**
 * The claims and the token (RFC 9068 §2). A token ends with its task. It is dated behind the newest cut-off of what it
 * stands on, a few seconds ahead of now when that was a moment ago: the cut-off was for what came before.
 */
function mint(room: IssuanceRoom, { client, proof }: Applicant, { standing, granted }: Grounds) {
  const now = room.clock();
  const { task, resource, scope } = granted;
  if (task !== undefined && !isOpen(task, now)) throw new Fault('grant.refused', 'the task is over');
  const seconds = Math.floor(now / 1_000);
  const iat = Math.max(seconds, Math.floor(newestCutoff(room.feed, standing) / 1_000) + 1);
  const exp = Math.min(
    seconds + room.accessTokenSeconds,
    task === undefined ? Infinity : Math.floor(Date.parse(task.expiresAt) / 1_000),
  );
  if (exp <= iat) throw new Fault('grant.refused', 'the token would end before it begins');
  const claims: AccessTokenClaims = {
    iss: room.issuer,
    sub: client.clientId,
    client_id: client.clientId,
    aud: resource.audience,
    iat,
    exp,
    jti: newId('token', now),
    scope,
    sub_profile: profiles[standing.principal.kind],
    cnf: { jkt: proof.jkt },
    ...(task === undefined ? {} : { task: task.id }),
    instance: client.credential.id,
  };
  const response: TokenResponse = {
    access_token: mintAccessToken(room.keyRing.tokenKey(), claims),
    token_type: 'DPoP',
    expires_in: exp - seconds,
    scope,
    ...(task === undefined ? {} : { task: task.id }),
  };
  return { claims, response };
}

function entriesFor(
  room: IssuanceRoom,
  { clientId, credential }: AuthenticatedClient,
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
        jkt: claims.cnf.jkt,
        expiresAt: instant(claims.exp * 1_000),
      },
    },
    room.clock,
  );
  return isNew && task !== undefined ? [entryOf(taskOpened(task, clientId), room.clock), issued] : [issued];
}
