import type { AgentAction } from '@surety/contract/delegation';
import type { CredentialId, HumanId } from '@surety/contract/id';
import type { Task } from '@surety/contract/task';
import type { AccessTokenClaims, AuthenticationClaims } from '@surety/proof/access-token';
import { orNotReady, orProofFault } from '#authn/proof-fault';
import { type LiveLink, readChain } from '#authn/read-chain';
import { readTokenStanding } from '#authn/read-token-standing';
import { grantHop, handedOnKey } from '#delegation/hop';
import { newTask, type TaskRequest } from '#delegation/task';
import { instant } from '#kernel/clock';
import { Fault } from '#kernel/fault';
import { type Spend, spendKey } from '#ledger/commit-queue';
import { readJws } from '@surety/proof/jws';
import { kindOf } from '#registry/principal';
import { malformed, parameter, requiredParameter } from '../form.ts';
import { type Granted, issueToken, type TokenResponse } from '../issue-token.ts';
import type { IssuanceRoom } from '../issuance-room.ts';
import { checkNarrower } from '../narrow.ts';
import { readDetails } from '../read-details.ts';
import { findResource } from '../resource-indicator.ts';
import type { GrantRequest } from './grant.ts';
import { type IdJagResponse, idJagType, issueIdJag } from './id-jag.ts';
import { checkMayHandOn, handedOnScope } from './offer-delegation.ts';

export const tokenExchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const jwtType = 'urn:ietf:params:oauth:token-type:jwt';

/**
 * Token exchange (RFC 8693): an agent that was named in a delegation token gets a token of its own, for a task of its own
 * below the one that was handed on. The chain is that of the stored tasks; what the presented token says of it counts for
 * nothing. A client may also exchange its own delegated token for another resource of the same task: no hop is added.
 * Impersonation is never issued. Faults `subject.refused`, `actor.unauthorized`, `delegation.refused`, `details.invalid`,
 * `resource.unknown`, `scope.invalid`, `grant.refused`.
 */
export async function exchangeToken(room: IssuanceRoom, request: GrantRequest): Promise<TokenResponse | IdJagResponse> {
  const { form } = request;
  if (parameter(form, 'requested_token_type') === idJagType) return issueIdJag(room, request);
  const scope = parameter(form, 'scope') ?? handedOnScope;
  if (scope !== handedOnScope) throw new Fault('scope.invalid');
  const subject = readSubject(room, request);
  checkActorToken(room, request);
  if ((parameter(form, 'requested_token_type') ?? accessTokenType) !== accessTokenType)
    malformed('/requested_token_type', 'is an access token or an ID-JAG');
  const text = parameter(form, 'authorization_details');
  const asked = text === undefined ? null : await readDetails(room, text);
  const response = await issueToken(room, request, async () => {
    const resource = await findResource(room, form.get('resource') ?? []);
    if (!resource.kinds.includes('agent') || resource.audience === `${room.issuer}/v1`) throw new Fault('resource.unknown');
    await checkLive(room, subject);
    const granted =
      subject.may_act === undefined ? await goOn(room, subject, asked) : await handOver(room, request, { subject, asked });
    checkLocation(granted.task?.grant?.details ?? null, resource.audience);
    // Whoever handed it on may be a person, who is no link of the chain yet.
    const keys = [...resource.keys, subject.jti, subject.client_id, subject.instance ?? ''];
    return { resource: { ...resource, keys }, scope, ...granted, signedIn: signedInOf(subject) };
  });
  return { ...response, issued_token_type: accessTokenType };
}

/** The subject token: ours, whole, and either handed to this client or its own. */
function readSubject(room: IssuanceRoom, { form, client }: GrantRequest): AccessTokenClaims {
  const token = requiredParameter(form, 'subject_token');
  if (requiredParameter(form, 'subject_token_type') !== accessTokenType)
    malformed('/subject_token_type', 'must be that of an access token');
  const claims = room.readToken(token);
  if (claims === undefined) throw new Fault('subject.refused', 'it is no access token of ours that holds');
  if (claims.may_act === undefined) {
    if (claims.client_id !== client.clientId || claims.act === undefined)
      throw new Fault('actor.unauthorized', 'the token was not handed to this client');
    return claims;
  }
  if (claims.aud !== room.issuer || claims.delegation === undefined)
    throw new Fault('subject.refused', 'it is not a token that was handed on');
  if (claims.may_act.iss !== room.issuer || claims.may_act.sub !== client.clientId)
    throw new Fault('actor.unauthorized', 'the token names another actor');
  return claims;
}

/** RFC 8693 §2.1: who acts is the client that authenticated; an actor token may say so again, and nothing more. */
function checkActorToken(room: IssuanceRoom, { form, client }: GrantRequest): void {
  const token = parameter(form, 'actor_token');
  const type = parameter(form, 'actor_token_type');
  if (token === undefined) return type === undefined ? undefined : malformed('/actor_token_type', 'there is no actor_token');
  if (type !== jwtType && type !== accessTokenType) malformed('/actor_token_type', 'must be that of a JWT or an access token');
  const claims = orProofFault(() => readJws(token, { typ: 'at+jwt' })).claims;
  const own = room.readToken(token);
  if (claims['act'] !== undefined || own?.client_id !== client.clientId || own.act !== undefined)
    throw new Fault('actor.unauthorized', 'the actor token is not of this client alone');
}

async function checkLive(room: IssuanceRoom, subject: AccessTokenClaims): Promise<void> {
  const standing = await orNotReady(readTokenStanding(room, subject));
  if (!standing.live) throw new Fault('grant.refused', standing.why);
  const lost = subject.may_act === undefined ? undefined : room.feed.cutoffNumberOf(handedOnKey(subject.client_id));
  if (lost !== undefined && lost > (subject.change ?? 0))
    throw new Fault('grant.refused', 'it was handed on under a mandate that is over');
}

type Exchanged = Pick<Granted, 'task' | 'isNew' | 'links' | 'spends'>;

/** The client's own task goes on, for another resource. */
async function goOn(room: IssuanceRoom, subject: AccessTokenClaims, asked: readonly AgentAction[] | null): Promise<Exchanged> {
  if (asked !== null) malformed('/authorization_details', 'a task that goes on keeps what it was granted');
  const links = await liveLinks(room, subject.task ?? '');
  return { task: links.at(-1)?.task, isNew: false, links };
}

/** A task for the client, below the one that was handed on, or at the root for the person who handed it on. */
async function handOver(
  room: IssuanceRoom,
  { client }: GrantRequest,
  { subject, asked }: { readonly subject: AccessTokenClaims; readonly asked: readonly AgentAction[] | null },
): Promise<Exchanged> {
  const now = room.clock();
  const links = subject.task === undefined ? [] : await liveLinks(room, subject.task);
  if (links.some(({ task }) => task.agent === client.clientId))
    throw new Fault('delegation.refused', 'the agent is in the chain already');
  const offered = (subject.authorization_details as readonly AgentAction[] | undefined) ?? null;
  if (offered !== null && asked !== null) checkNarrower(offered, asked, 'what was handed on');
  const parent = links.at(-1)?.task;
  if (parent !== undefined) await checkMayHandOn(room, parent.agent);
  if (parent === undefined && kindOf(subject.sub) !== 'human') throw new Fault('subject.refused', 'it stands for no task');
  const ends = Math.min(now + room.taskSeconds * 1_000, parent === undefined ? Infinity : Date.parse(parent.expiresAt));
  const depth = subject.delegation?.depth ?? 0;
  const hop = grantHop({ details: asked ?? offered, depth, expiresAt: instant(ends) }, depth + 1, handedOnScope);
  const grant = { ...hop, offer: subject.jti, by: subject.instance as CredentialId | undefined };
  const whose = parent === undefined ? askedBy(subject) : belowTask(parent);
  const lifetimeSeconds = Math.floor((ends - now) / 1_000);
  const agent = client.clientId as Task['agent'];
  const task = newTask({ ...whose, agent, lifetimeSeconds, grant, instance: client.credential.id }, now);
  return { task, isNew: true, links, spends: [spendOf(subject)] };
}

type Whose = Pick<TaskRequest, 'answerable' | 'requester' | 'trigger' | 'purpose' | 'parent' | 'asked'>;

/** What a person asked for themselves: they answer for it. */
function askedBy({ sub, delegation }: AccessTokenClaims): Whose {
  const human = sub as HumanId;
  return { answerable: human, requester: human, trigger: 'human', purpose: delegation?.purpose ?? '', asked: delegation?.asked };
}

/** A part of the work above, for which the same person answers. */
function belowTask(parent: Task): Whose {
  const { answerable, agent: requester, purpose } = parent;
  return { answerable, requester, trigger: 'agent', purpose, parent };
}

/** A token that was handed on is good once. */
function spendOf({ jti, exp }: AccessTokenClaims): Spend {
  return { key: spendKey('delegation', jti), expiresAtMs: exp * 1_000 + 120_000 };
}

async function liveLinks(room: IssuanceRoom, task: string): Promise<readonly LiveLink[]> {
  const chain = await orNotReady(readChain(room, task));
  if (!chain.live) throw new Fault('grant.refused', chain.why);
  return chain.links;
}

/** Of a token that came of a person's consent: the same in whatever it is exchanged for (RFC 9068 §2.2.1). */
function signedInOf({ auth_time, acr, amr }: AccessTokenClaims): AuthenticationClaims {
  return {
    ...(auth_time === undefined ? {} : { auth_time }),
    ...(acr === undefined ? {} : { acr }),
    ...(amr === undefined ? {} : { amr }),
  };
}

/** What is narrowed to some systems is not for others. */
function checkLocation(details: readonly AgentAction[] | null, audience: string): void {
  if (details !== null && !details.some(({ locations }) => locations[0] === audience))
    throw new Fault('resource.unknown', 'nothing of this system was handed on');
}
