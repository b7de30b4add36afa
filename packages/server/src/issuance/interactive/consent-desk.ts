import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AgentAction } from '@surety/contract/delegation';
import type { AgentId } from '@surety/contract/id';
import { mandateSentences } from '@surety/decision/mandate-sentences';
import { errors, type Provider } from 'oidc-provider';
import { detailsDigest } from '#delegation/hop';
import { hopSentences } from '#delegation/hop-sentences';
import { instant } from '#kernel/clock';
import { asFault, Fault } from '#kernel/fault';
import { newId } from '#kernel/id';
import { errorFields } from '#kernel/log';
import { record } from '#ledger/record';
import { authenticationClaims } from '#signin/authentication-claims';
import { csrfToken, isCsrfToken, sessionToken } from '#signin/cookie';
import { pageHeaders } from '#signin/render-page';
import type { Session } from '#signin/session-store';
import { readSession } from '#signin/sign-in';
import { faultPage, readPageForm, sendHome, sendPage } from '#signin/signin-desk';
import { problemPage } from '#signin/signin-pages';
import { readDetails } from '../read-details.ts';
import { type AskedConsent, consentPage } from './consent-page.ts';
import { addConsent } from './consent-store.ts';
import { findSystem } from './find-system.ts';
import type { InteractiveRoom } from './interactive-room.ts';

export type ConsentRoom = InteractiveRoom & { readonly origin: string };

/** What is asked, by whom, of whom. */
type Asked = {
  readonly uid: string;
  readonly session: Session;
  readonly token: string;
  readonly agent: AgentId;
  /** As the client calls itself: the agent's id, or the address of its document. */
  readonly clientId: string;
  readonly redirectUri: string;
  readonly system: Awaited<ReturnType<typeof findSystem>>;
  readonly purpose: string;
  readonly details: readonly AgentAction[] | null;
};

const consentPath = /^\/consent\/([A-Za-z0-9_-]{1,100})$/;

/** How long a consent is remembered, in milliseconds: longer than its code. */
const consentMs = 900_000;

/**
 * The consent page: names the agent, who answers for it, what it says the work is and what it may do; takes yes or no
 * from the person whose session it is. Yes is recorded, and becomes the code that the engine sends to the client.
 */
export function openConsentDesk(room: ConsentRoom, engine: Provider) {
  return {
    has: (path: string): boolean => consentPath.test(path),
    handle: async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      if (sendHome(room.origin, request, response)) return;
      try {
        const asked = await readAsked(room, engine, { request, response });
        if (asked === undefined) return;
        if (request.method === 'GET') return sendPage(response, consentPage(await describe(room, asked)));
        if (request.method === 'POST') return await takeAnswer(room, engine, { asked, request, response });
        throw new Fault('request.method_not_allowed');
      } catch (thrown) {
        sendTrouble(room, response, thrown);
      }
    },
  };
}

type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse };

/**
 * What the browser's interaction asks; the browser must be the one that began it, and the person signed in, as freshly
 * as the client wants (RFC 9470 §4). Undefined when it was sent to sign in first.
 */
async function readAsked(room: ConsentRoom, engine: Provider, { request, response }: Exchange): Promise<Asked | undefined> {
  const path = new URL(request.url ?? '/', room.origin).pathname;
  const interaction = await engine.interactionDetails(request, response);
  const { uid, params } = interaction;
  if (consentPath.exec(path)?.[1] !== uid) throw new errors.SessionNotFound('another interaction');
  const token = sessionToken(request, room.origin);
  const session = await readSession(room, token);
  const text = (name: string): string | undefined => (typeof params[name] === 'string' ? params[name] : undefined);
  const demanded = await room.demands.withinSecondsFor(text('resource') ?? '');
  if (session === undefined || token === undefined || !isFresh(room, session, { ...interaction, demanded })) {
    const location = `/signin?next=${encodeURIComponent(path)}`;
    response.writeHead(303, { ...pageHeaders(), location, 'content-length': 0 }).end();
    return undefined;
  }
  const clientId = text('client_id') ?? '';
  const agent = await agentOf(room, clientId);
  const details = text('authorization_details');
  return {
    uid,
    session,
    token,
    agent,
    clientId,
    redirectUri: text('redirect_uri') ?? '',
    system: await findSystem(room, text('resource') ?? ''),
    purpose: text('purpose') ?? (await room.facts.agent(agent))?.purpose ?? '',
    details: details === undefined ? null : await readDetails(room, details),
  };
}

/** The agent that a client is a program of. */
async function agentOf({ federation }: ConsentRoom, clientId: string): Promise<AgentId> {
  return (/^https?:/.test(clientId) ? (await federation.documents.find(clientId)).agent : clientId) as AgentId;
}

function isFresh(
  { clock }: ConsentRoom,
  { authenticatedAtMs }: Session,
  {
    params,
    iat,
    demanded,
  }: Pick<Awaited<ReturnType<Provider['interactionDetails']>>, 'params' | 'iat'> & { demanded: number | null },
): boolean {
  const isAskedAnew = (typeof params['prompt'] === 'string' ? params['prompt'] : '').split(' ').includes('login');
  if (isAskedAnew && authenticatedAtMs < iat * 1_000) return false;
  const asked = params['signed_in_within'];
  const maxAge = Math.min(asked === undefined ? Infinity : Number(asked), demanded ?? Infinity);
  return maxAge === Infinity || authenticatedAtMs >= Math.min(clock() - maxAge * 1_000, iat * 1_000);
}

async function describe(room: ConsentRoom, asked: Asked): Promise<AskedConsent> {
  const { agent: id, clientId, session, system, purpose, details, redirectUri, token, uid } = asked;
  const [agent, human] = await Promise.all([room.facts.agent(id), room.facts.human(session.human)]);
  const owner = agent && (await room.facts.human(agent.owner));
  if (agent === undefined || human === undefined || owner === undefined) throw new Fault('agent.not_found');
  const mandate = await room.authority.mandate(id);
  const grant = { details: [...(details ?? [])], scope: 'call', audiences: null, depthLeft: 0, expiresAt: instant(room.clock()) };
  return {
    agent,
    owner,
    human,
    system: system.name,
    purpose,
    mandate: mandate?.signatureHolds === true ? mandateSentences(mandate.document) : [],
    narrowedTo: details === null ? null : hopSentences({ agent: id, purpose, grant }).slice(0, details.length),
    redirectUri,
    programOf: clientId === id ? null : new URL(clientId).host,
    action: `/consent/${uid}`,
    csrf: csrfToken(token, `${uid} ${owner.id}`),
  };
}

async function takeAnswer(
  room: ConsentRoom,
  engine: Provider,
  { asked, request, response }: Exchange & { readonly asked: Asked },
): Promise<void> {
  const form = await readPageForm(room.origin, request);
  const owner = (await room.facts.agent(asked.agent))?.owner ?? '';
  // made for the page that named this owner: who answers for the agent is part of what is agreed to
  if (!isCsrfToken(form.get('csrf') ?? undefined, asked.token, `${asked.uid} ${owner}`))
    throw new Fault('access.denied', 'the form is not of this page');
  const answer = form.get('answer');
  if (answer !== 'yes' && answer !== 'no') throw new Fault('request.malformed');
  const { agent, clientId, session, system } = asked;
  const said = { session: session.id, passkey: session.passkey, audience: system.audience };
  if (answer === 'no') {
    await record(room.db, room.clock, { type: 'consent.refused', actor: session.human, about: agent, data: said });
    const error = { error: 'access_denied', error_description: 'the person said no' };
    return engine.interactionFinished(request, response, error, { mergeWithLastSubmission: false });
  }
  const grant = new engine.Grant({ accountId: session.human, clientId });
  grant.addResourceScope(system.audience, 'call');
  const grantId = await grant.save();
  await keepConsent(room, asked, { id: grantId, said });
  const { auth_time: ts, acr, amr } = authenticationClaims(Math.floor(session.authenticatedAtMs / 1_000));
  const login = { accountId: session.human, acr, amr: [...amr], ts, remember: false };
  const result = { login, consent: { grantId } };
  await engine.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

/** The consent and its record are kept together or not at all. */
async function keepConsent(
  { db, clock }: ConsentRoom,
  { agent, session, system, purpose, details }: Asked,
  { id, said }: { readonly id: string; readonly said: { session: string; passkey: string; audience: string } },
): Promise<void> {
  const task = newId<string>('task', clock());
  const consent = {
    id,
    human: session.human,
    agent,
    resource: system.audience,
    system: system.name,
    purpose,
    details,
    task,
    passkey: session.passkey,
  };
  await db.transaction(async (tx) => {
    await addConsent(tx, consent, new Date(clock() + consentMs));
    const data = { ...said, task, details: detailsDigest(details) };
    await record(tx, clock, { type: 'consent.given', actor: session.human, about: agent, data });
  });
}

function sendTrouble({ log }: ConsentRoom, response: ServerResponse, thrown: unknown): void {
  if (response.headersSent) return void response.destroy();
  if (thrown instanceof errors.SessionNotFound || thrown instanceof errors.InvalidRequest) {
    const next =
      'It has expired, was answered already, or began in another browser. Start again from the program that sent you here.';
    return sendPage(response, problemPage(400, 'There is nothing to answer here', next));
  }
  const fault = asFault(thrown);
  if (fault.code === 'internal' || fault.cause !== undefined)
    log.error(errorFields(fault.cause ?? fault), 'a consent page broke');
  sendPage(response, faultPage(fault));
}
