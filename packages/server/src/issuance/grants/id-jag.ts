import { type AccessTokenClaims, type ActClaim, type SubjectProfile } from '@surety/proof/access-token';
import { signJws } from '@surety/proof/jws';
import { orNotReady } from '#authn/proof-fault';
import { type LiveLink, readChain } from '#authn/read-chain';
import { readTokenStanding } from '#authn/read-token-standing';
import { hearNewer } from '#change/hear-newer';
import { findPartnerClient } from '#federation/partner-client-store';
import { instant } from '#kernel/clock';
import { Fault } from '#kernel/fault';
import { newId } from '#kernel/id';
import { spendKey } from '#ledger/commit-queue';
import { entryOf } from '#ledger/entry';
import { type Form, malformed, requiredParameter } from '../form.ts';
import type { IssuanceRoom } from '../issuance-room.ts';
import type { GrantRequest } from './grant.ts';

/** Identity Assertion JWT Authorization Grant (draft-ietf-oauth-identity-assertion-authz-grant). */
export const idJagType = 'urn:ietf:params:oauth:token-type:id-jag';

/** RFC 8693 §2.2.1: what is answered is no access token, so `token_type` is `N_A`. */
export type IdJagResponse = {
  readonly access_token: string;
  readonly issued_token_type: typeof idJagType;
  readonly token_type: 'N_A';
  readonly expires_in: number;
};

/** The claims of an ID-JAG of ours. `sub`, `act` and `sub_profile` are those of the subject token: the chain goes along. */
type IdJagClaims = {
  readonly iss: string;
  readonly sub: string;
  readonly sub_profile: SubjectProfile;
  readonly aud: string;
  /** What the agent is called there. */
  readonly client_id: string;
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
  readonly cnf: { readonly jkt: string };
  readonly act?: ActClaim;
  readonly resource?: string;
};

const lifetimeSeconds = 300;
const slackMs = 120_000;
const maxRounds = 3;
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';

/**
 * An assertion with which an agent of ours gets a token at the authorization server of a partner (IdP role). Its own
 * live access token is the subject, so everything above it is live; what it is called there comes from what an
 * administrator said, never from the request; it is bound to the key of the proof. A hop that was narrowed to systems of
 * ours goes to no partner. Faults `resource.unknown`, `subject.refused`, `actor.unauthorized`, `grant.refused`,
 * `client.assertion_replayed`, `service.not_ready`.
 */
export async function issueIdJag(room: IssuanceRoom, request: GrantRequest): Promise<IdJagResponse> {
  const { form, client, proof } = request;
  const audience = readAudience(form);
  const subject = readSubject(room, request);
  const partner = await orNotReady(findPartnerClient(room.db, audience, client.clientId));
  if (partner === undefined) throw new Fault('resource.unknown', 'the agent is not known to this partner');
  for (let round = 0; round < maxRounds; round++) {
    if (!room.feed.isFresh()) throw new Fault('service.not_ready', 'the change feed is stale');
    const change = room.feed.applied();
    const links = await readLinks(room, subject);
    const seconds = Math.floor(room.clock() / 1_000);
    const claims: IdJagClaims = {
      iss: room.issuer,
      sub: subject.sub,
      sub_profile: subject.sub_profile,
      aud: audience,
      client_id: partner.clientId,
      jti: newId('token', room.clock()),
      iat: seconds,
      exp: Math.min(seconds + lifetimeSeconds, taskEnd(links)),
      cnf: { jkt: proof.jkt },
      ...(subject.act === undefined ? {} : { act: subject.act }),
      ...readResource(form),
    };
    if (claims.exp <= seconds) throw new Fault('grant.refused', 'the task is over');
    const result = await orNotReady(
      room.queue.commit({
        entries: [entryOf(issued(claims, request, subject), room.clock)],
        spends: round === 0 ? spendsOf(request) : [],
        fence: { change, keys: [client.clientId, client.credential.id, subject.jti, ...links.flatMap(keysOf)] },
      }),
    );
    if (result === 'committed') return answerOf(room, claims);
    if (result === 'replayed') throw new Fault('client.assertion_replayed', 'the assertion or the proof was used before');
    await hearNewer(room, change);
  }
  throw new Fault('service.not_ready', 'what the assertion stands on kept changing');
}

function answerOf(room: IssuanceRoom, claims: IdJagClaims): IdJagResponse {
  const key = room.keyRing.tokenKey();
  const token = signJws(key, { typ: 'oauth-id-jag+jwt', kid: key.kid }, JSON.stringify(claims));
  return { access_token: token, issued_token_type: idJagType, token_type: 'N_A', expires_in: claims.exp - claims.iat };
}

/** The client's own access token, bound to the key of this very proof. */
function readSubject(room: IssuanceRoom, { form, client, proof }: GrantRequest): AccessTokenClaims {
  const token = requiredParameter(form, 'subject_token');
  if (requiredParameter(form, 'subject_token_type') !== accessTokenType)
    malformed('/subject_token_type', 'must be that of an access token');
  const claims = room.readToken(token);
  if (claims === undefined) throw new Fault('subject.refused', 'it is no access token of ours that holds');
  const isOwn = claims.client_id === client.clientId && claims.cnf.jkt === proof.jkt && claims.may_act === undefined;
  if (!isOwn) throw new Fault('actor.unauthorized', 'the token is not one of this client and key');
  if (claims.authorization_details !== undefined)
    throw new Fault('resource.unknown', 'what was handed on is for systems of ours alone');
  return claims;
}

async function readLinks(room: IssuanceRoom, subject: AccessTokenClaims): Promise<readonly LiveLink[]> {
  const standing = await orNotReady(readTokenStanding(room, subject));
  if (!standing.live) throw new Fault('grant.refused', standing.why);
  if (standing.principal.kind !== 'agent' || subject.task === undefined)
    throw new Fault('actor.unauthorized', 'only agents are vouched for at a partner');
  const chain = await orNotReady(readChain(room, subject.task));
  if (!chain.live) throw new Fault('grant.refused', chain.why);
  if (chain.tasks.some(({ grant }) => grant != null && (grant.details !== null || grant.audiences !== null)))
    throw new Fault('resource.unknown', 'what was handed on is for systems of ours alone');
  return chain.links;
}

function keysOf({ task, principal, owner }: LiveLink): readonly string[] {
  return [task.id, task.requester, principal.one.id, ...[owner, task.instance].filter((key) => key != null)];
}

function taskEnd(links: readonly LiveLink[]): number {
  return Math.floor(Math.min(...links.map(({ task }) => Date.parse(task.expiresAt))) / 1_000);
}

function spendsOf({ client, proof }: GrantRequest) {
  const used = { key: spendKey('dpop', proof.jkt, proof.jti), expiresAtMs: proof.iat * 1_000 + slackMs };
  if (client.isSpent === true) return [used];
  const expiresAtMs = client.expiresAtSeconds * 1_000 + slackMs;
  return [{ key: spendKey('assertion', client.clientId, client.jti), expiresAtMs }, used];
}

function issued(claims: IdJagClaims, { client }: GrantRequest, { task }: AccessTokenClaims) {
  return {
    type: 'assertion.issued' as const,
    actor: client.clientId,
    about: client.clientId,
    task,
    data: {
      assertionId: claims.jti,
      audience: claims.aud,
      clientId: claims.client_id,
      subject: claims.sub,
      actors: actorsOf(claims),
      task: task ?? null,
      jkt: claims.cnf.jkt,
      expiresAt: instant(claims.exp * 1_000),
    },
  };
}

/** Root first, as `iss|sub`. */
function actorsOf({ iss, sub, act }: IdJagClaims): string[] {
  const actors: string[] = [];
  for (let one = act; one !== undefined; one = one.act) actors.unshift(`${one.iss}|${one.sub}`);
  return [`${iss}|${sub}`, ...actors];
}

/** RFC 8693 §2.1: where it is for; exactly one authorization server. */
function readAudience(form: Form): string {
  const [audience, ...others] = form.get('audience') ?? [];
  if (audience === undefined || others.length > 0) return malformed('/audience', 'names one authorization server');
  return audience;
}

/** A resource of the partner, which the partner judges. */
function readResource(form: Form): { resource?: string } {
  const [resource, ...others] = form.get('resource') ?? [];
  if (resource === undefined) return {};
  const isSound = others.length === 0 && resource.length <= 500 && /^https?:$/.test(URL.parse(resource)?.protocol ?? '');
  return isSound ? { resource } : malformed('/resource', 'is the address of one resource');
}
