import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Provider } from 'oidc-provider';
import { asFault } from '#kernel/fault';
import { createSealer } from '#keys/seal';
import { browserOrigin } from '#signin/browser-origin';
import { pageHeaders } from '#signin/render-page';
import { faultPage, openSigninDesk, sendHome, sendPage } from '#signin/signin-desk';
import { openConsentDesk } from './consent-desk.ts';
import { openEngine } from './engine.ts';
import type { Code, Interactive } from './interactive.ts';
import type { InteractiveRoom } from './interactive-room.ts';

/**
 * Opens the interactive half: sign-in, consent and the authorization endpoint, behind the issuer that everything else is
 * behind.
 */
export function openInteractive(room: InteractiveRoom): Interactive {
  const origin = browserOrigin(room.issuer);
  const engine = openEngine(room);
  const callback = engine.callback();
  const signin = openSigninDesk({ ...room, origin });
  const consent = openConsentDesk({ ...room, origin }, engine);
  const authorize = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (sendHome(origin, request, response)) return;
    if (await isTurnedAway(room, request, response)) return;
    prepare(request, response, origin);
    await callback(request, response);
  };
  return {
    has: (path) => isAuthorize(path) || consent.has(path) || signin.has(path),
    handle: (request, response) => {
      const path = (request.url ?? '/').replace(/\?.*/s, '');
      if (isAuthorize(path)) return authorize(request, response);
      return consent.has(path) ? consent.handle(request, response) : signin.handle(request, response);
    },
    push: async (parameters, request, response) => {
      const pushed = pushedRequest(forEngine(parameters), request, origin);
      await callback(pushed, response);
    },
    findCode: (code) => findCode(engine, code),
    sealer: createSealer(room.secret),
  };
}

/**
 * A client that a document describes and that cannot be had now, or that no person has accepted: the person is told so, and
 * sent nowhere. Whether it answered.
 */
async function isTurnedAway(
  { federation }: InteractiveRoom,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const id = URL.parse(request.url ?? '', 'http://here')?.searchParams.get('client_id') ?? '';
  if (!/^https?:\/\//.test(id)) return false;
  try {
    await federation.documents.find(id);
    return false;
  } catch (thrown) {
    const fault = asFault(thrown);
    if (fault.code !== 'agent.awaits_owner' && fault.code !== 'issuer.unreachable') return false;
    sendPage(response, faultPage(fault));
    return true;
  }
}

function isAuthorize(path: string): boolean {
  return path === '/authorize' || /^\/authorize\/[A-Za-z0-9_-]{1,100}$/.test(path);
}

/**
 * Parameters as the engine takes them. There is one scope; whoever names none means it. `max_age` and `acr_values`
 * (RFC 9470 §4) have names of ours, because the engine knows them for OpenID Connect alone.
 */
function forEngine(parameters: URLSearchParams): URLSearchParams {
  if (!parameters.has('scope') && !parameters.has('request_uri')) parameters.set('scope', 'call');
  for (const [theirs, ours] of [
    ['max_age', 'signed_in_within'],
    ['acr_values', 'signed_in_by'],
  ] as const) {
    const value = parameters.get(theirs);
    if (value !== null) parameters.set(ours, value);
    parameters.delete(theirs);
  }
  return parameters;
}

/**
 * Makes a request one for the engine: its own memory of who signed in is left out, so that only our session counts; and the
 * address is the public one, whatever stands before us.
 */
function prepare(request: IncomingMessage, response: ServerResponse, origin: string): void {
  for (const [name, value] of Object.entries(pageHeaders())) response.setHeader(name, value);
  const [path = '', query] = (request.url ?? '').split('?', 2);
  if (request.method === 'GET' && path === '/authorize')
    request.url = `${path}?${forEngine(new URLSearchParams(query ?? '')).toString()}`;
  const cookies = (request.headers.cookie ?? '').split(';').filter((pair) => !/^\s*surety_engine(?:\.sig)?=/.test(pair));
  request.headers.cookie = cookies.join(';');
  overwriteOrigin(request, origin);
}

function overwriteOrigin({ headers }: IncomingMessage, origin: string): void {
  const { protocol, host } = new URL(origin);
  headers['x-forwarded-proto'] = protocol.slice(0, -1);
  headers['x-forwarded-host'] = host;
  delete headers['x-forwarded-for'];
}

/** A request that the engine reads as if it had come over the wire: without client authentication, which has been done. */
function pushedRequest(parameters: URLSearchParams, from: IncomingMessage, origin: string): IncomingMessage {
  const body = Buffer.from(parameters.toString());
  const headers: IncomingMessage['headers'] = {
    host: new URL(origin).host,
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': String(body.length),
  };
  const request = Object.assign(Readable.from([body], { objectMode: false }), {
    method: 'POST',
    url: '/par',
    headers,
    socket: from.socket,
    connection: from.socket,
    httpVersion: '1.1',
  }) as unknown as IncomingMessage;
  overwriteOrigin(request, origin);
  return request;
}

async function findCode(engine: Provider, value: string): Promise<Code | undefined> {
  if (!/^[A-Za-z0-9_-]{20,200}$/.test(value)) return undefined;
  const code = await engine.AuthorizationCode.find(value, { ignoreExpiration: true });
  const { clientId, redirectUri, codeChallenge, grantId, exp, authTime } = code ?? {};
  if (clientId === undefined || redirectUri === undefined || codeChallenge === undefined) return undefined;
  if (grantId === undefined || exp === undefined || authTime === undefined) return undefined;
  if (code?.codeChallengeMethod !== 'S256') return undefined;
  const dpopJkt = typeof code['dpopJkt'] === 'string' ? code['dpopJkt'] : undefined;
  return { clientId, redirectUri, codeChallenge, consent: grantId, dpopJkt, expiresAtMs: exp * 1_000, authTime };
}
