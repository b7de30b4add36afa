import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { faults } from '@surety/contract/faults';
import * as z from 'zod';
import { asFault, Fault } from '#kernel/fault';
import { headerValues } from '#kernel/header-values';
import { errorFields, type Log } from '#kernel/log';
import { readBody } from '#kernel/read-body';
import { findHuman } from '#registry/human-store';
import { csrfToken, isCsrfToken, sessionCookie, sessionToken } from './cookie.ts';
import { pageScript } from './page-script.ts';
import { pageStyle } from './page-style.ts';
import { RegistrationAnswer, SigninAnswer } from './read-answer.ts';
import { finishRegistration, type RegisteredBy, startRegistration } from './register-passkey.ts';
import { pageHeaders, type RenderedPage } from './render-page.ts';
import { finishSignIn, readSession, signOut, startSignIn } from './sign-in.ts';
import { sessionMs, type SigninHouse } from './signin-house.ts';
import { enrolPage, problemPage, safeNext, signedInPage, signInPage } from './signin-pages.ts';

/** One request of a browser, with the session that its cookie stands for, if it is live. */
type Act = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void>;

const maxBytes = 65_536;

const code = z.string().min(1).max(60);
const nothing = z.strictObject({});
const startBody = z.strictObject({ code: code.optional() });
const finishBody = z.strictObject({ code: code.optional(), answer: RegistrationAnswer });
const signInBody = z.strictObject({ answer: SigninAnswer, next: z.string().max(200).optional() });

/**
 * The pages on which people sign in and make passkeys, and what their script asks. Answers `true` when the address is one of
 * them. A page is only ever opened under the one origin that passkeys are bound to; under another name of this server it
 * sends the browser there.
 */
export function openSigninDesk(house: SigninHouse & { readonly log: Log }) {
  const acts = new Map<string, Act>([
    ['GET /signin', (request, response, url) => showSignIn(house, request, { response, url })],
    ['GET /enrol', async (request, response) => sendPage(response, enrolPage(await whoIsThere(house, request)))],
    ['GET /signin.css', async (_request, response) => sendFile(response, 'text/css', pageStyle)],
    ['GET /signin.js', async (_request, response) => sendFile(response, 'text/javascript', pageScript)],
    ['POST /signin/start', (request, response) => startSigningIn(house, request, response)],
    ['POST /signin/finish', (request, response) => finishSigningIn(house, request, response)],
    ['POST /passkeys/start', (request, response) => startRegistering(house, request, response)],
    ['POST /passkeys/finish', (request, response) => finishRegistering(house, request, response)],
    ['POST /signout', (request, response) => leave(house, request, response)],
  ]);
  const paths = new Set([...acts.keys()].map((key) => key.slice(key.indexOf(' ') + 1)));
  return {
    has: (path: string): boolean => paths.has(path),
    handle: async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const url = new URL(request.url ?? '/', house.origin);
      if (sendHome(house.origin, request, response)) return;
      try {
        const method = request.method === 'HEAD' ? 'GET' : request.method;
        const act = acts.get(`${method} ${url.pathname}`);
        if (act === undefined) throw new Fault('request.method_not_allowed');
        await act(request, response, url);
      } catch (thrown) {
        sendFault(house.log, response, thrown);
      }
    },
  };
}

/**
 * Under another name than the one of passkeys: a page is opened there instead, anything else is refused. Whether it
 * answered.
 */
export function sendHome(origin: string, request: IncomingMessage, response: ServerResponse): boolean {
  if (request.headers.host === new URL(origin).host) return false;
  if (request.method === 'GET' || request.method === 'HEAD') {
    response.writeHead(307, { ...pageHeaders(), location: `${origin}${request.url ?? '/'}`, 'content-length': 0 }).end();
  } else sendJson(response, 403, problemOf(new Fault('access.denied')));
  return true;
}

async function showSignIn(
  house: SigninHouse,
  request: IncomingMessage,
  { response, url }: { readonly response: ServerResponse; readonly url: URL },
): Promise<void> {
  const next = safeNext(url.searchParams.get('next'));
  const token = sessionToken(request, house.origin);
  const human = await whoIsThere(house, request);
  const isThere = human !== undefined && token !== undefined && next === '/signin';
  sendPage(response, isThere ? signedInPage(human, csrfToken(token, 'signout')) : signInPage(next));
}

async function whoIsThere(house: SigninHouse, request: IncomingMessage) {
  const session = await readSession(house, sessionToken(request, house.origin));
  return session && findHuman(house.db, session.human);
}

async function startSigningIn(house: SigninHouse, request: IncomingMessage, response: ServerResponse): Promise<void> {
  await readJson(house, request, nothing);
  sendJson(response, 200, await startSignIn(house));
}

/** A session is always a new one: what the browser came with is ended, never taken over (session fixation). */
async function finishSigningIn(house: SigninHouse, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { answer, next } = await readJson(house, request, signInBody);
  const { token } = await finishSignIn(house, answer as AuthenticationResponseJSON);
  const before = sessionToken(request, house.origin);
  if (before !== undefined) await signOut(house, before);
  response.setHeader('set-cookie', sessionCookie(house.origin, token, sessionMs / 1_000));
  sendJson(response, 200, { next: safeNext(next) });
}

async function startRegistering(house: SigninHouse, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readJson(house, request, startBody);
  sendJson(response, 200, await startRegistration(house, await byWhat(house, request, body.code)));
}

async function finishRegistering(house: SigninHouse, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readJson(house, request, finishBody);
  const by = await byWhat(house, request, body.code);
  sendJson(response, 200, await finishRegistration(house, by, body.answer as RegistrationResponseJSON));
}

async function byWhat(house: SigninHouse, request: IncomingMessage, given: string | undefined): Promise<RegisteredBy> {
  if (given !== undefined) return { code: given.toLowerCase() };
  const session = await readSession(house, sessionToken(request, house.origin));
  if (session === undefined) throw new Fault('session.missing');
  return { session };
}

async function leave(house: SigninHouse, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const form = await readPageForm(house.origin, request);
  const token = sessionToken(request, house.origin);
  if (token !== undefined && isCsrfToken(form.get('csrf') ?? undefined, token, 'signout')) await signOut(house, token);
  const gone = sessionCookie(house.origin, '', 0);
  response.writeHead(303, { ...pageHeaders(), 'set-cookie': gone, location: '/signin', 'content-length': 0 }).end();
}

/** Whether a request comes from a page of ours: browsers say so with every POST, and scripts cannot say otherwise. */
function checkOrigin(origin: string, request: IncomingMessage): void {
  const said = headerValues(request, 'origin');
  if (said.length !== 1 || said[0] !== origin) throw new Fault('access.denied', 'the request is not of a page of ours');
}

/** A form that a page of ours sent. Faults `access.denied`, `request.malformed`, `request.too_large`. */
export async function readPageForm(origin: string, request: IncomingMessage): Promise<URLSearchParams> {
  checkOrigin(origin, request);
  if (request.headers['content-type'] !== 'application/x-www-form-urlencoded') throw new Fault('request.malformed');
  return new URLSearchParams((await readBody(request, maxBytes)).toString('utf8'));
}

async function readJson<Schema extends z.ZodType>(
  { origin }: SigninHouse,
  request: IncomingMessage,
  schema: Schema,
): Promise<z.output<Schema>> {
  checkOrigin(origin, request);
  if (request.headers['content-type'] !== 'application/json') throw new Fault('request.malformed');
  const text = (await readBody(request, maxBytes)).toString('utf8');
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw new Fault('request.malformed', 'not JSON');
  }
  const read = schema.safeParse(given);
  if (!read.success) throw new Fault('request.malformed', 'not what the page sends');
  return read.data;
}

export function sendPage(response: ServerResponse, { status, headers, body }: RenderedPage): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}

function sendFile(response: ServerResponse, type: string, text: string): void {
  const headers = { ...pageHeaders(), 'cache-control': 'public, max-age=300', 'content-type': `${type}; charset=utf-8` };
  response.writeHead(200, { ...headers, 'content-length': Buffer.byteLength(text) }).end(text);
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  const text = JSON.stringify(value);
  const headers = { ...pageHeaders(), 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  response.writeHead(status, headers).end(text);
}

function problemOf({ code: name }: Fault): { readonly code: string; readonly title: string; readonly next: string } {
  const { title, next } = faults[name];
  return { code: name, title, next };
}

/** What was thrown, as the script shows it. What broke on our side is logged, never told. */
function sendFault(log: Log, response: ServerResponse, thrown: unknown): void {
  const fault = asFault(thrown);
  if (fault.code === 'internal' || fault.cause !== undefined)
    log.error(errorFields(fault.cause ?? fault), 'a sign-in page broke');
  if (response.headersSent) return void response.destroy();
  sendJson(response, faults[fault.code].status, problemOf(fault));
}

/** A page that tells a fault to a person. */
export function faultPage(fault: Fault): RenderedPage {
  const { status, title, next } = faults[fault.code];
  return problemPage(status, title, next);
}
