import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuthenticatedCaller, GuardedSystem } from '@surety/contract/enforcement';
import { type FaultCode, faults } from '@surety/contract/faults';
import { protectedResourceMetadata } from '@surety/contract/resource-metadata';
import { challenge, type Challenged, oauthError } from './front/metadata.ts';
import { drainAfterAnswer, readBody } from './front/read-body.ts';
import { errorFields } from './log.ts';
import { callTool } from './mcp/call-tool.ts';
import { checkSessionVersion, checkVersion, type Spoken } from './mcp/check-version.ts';
import { CutSwitch } from './mcp/cut-switch.ts';
import type { Ask } from './mcp/ask.ts';
import type { Guard } from './mcp/guard.ts';
import { demandedBy, faultCodeOf, HouseFault } from './mcp/house-fault.ts';
import type { JsonRpcId } from './mcp/json-rpc.ts';
import { treatmentOf } from './mcp/method-table.ts';
import { passOn, passSession } from './mcp/pass-on.ts';
import { readMessage } from './mcp/read-message.ts';
import { Rejection } from './mcp/rejection.ts';
import { createReply, privateHeaders, type Reply } from './mcp/reply.ts';

type Exchange = {
  readonly guard: Guard;
  readonly system: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
};

/** One HTTP request to the guard, from its address to its answer. Never rejects. */
export async function answerRequest(guard: Guard, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const place = guard.addresses.place(request.url ?? '');
  if (place === undefined)
    return say(response, 404, { error: 'not_found', error_description: faults['request.not_found'].title });
  const exchange = { guard, system: place.system, request, response };
  return place.kind === 'metadata' ? answerMetadata(exchange) : answerMcp(exchange);
}

async function answerMetadata({ guard, system, request, response }: Exchange): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return notAllowed(response, 'GET, HEAD');
  try {
    if ((await guard.house.system(system)) === undefined) throw new HouseFault('system.not_found');
    const resource = guard.addresses.resource(system);
    say(response, 200, protectedResourceMetadata({ resource, name: system, issuer: guard.issuer }));
  } catch (thrown) {
    const { status, title } = faults[faultCodeOf(thrown)];
    say(response, status, { error: 'not_found', error_description: title });
  }
}

async function answerMcp(exchange: Exchange): Promise<void> {
  const { guard, request, response } = exchange;
  const { method } = request;
  if (method !== 'POST' && method !== 'GET' && method !== 'DELETE') return notAllowed(response, 'POST, GET, DELETE');
  const reply = createReply(request, response);
  const asked: { id: JsonRpcId | null } = { id: null };
  try {
    if (guard.underWay.isFull()) throw new HouseFault('service.overloaded');
    const caller = await authenticate(exchange); //                                                  1 authenticate
    response.setHeader('dpop-nonce', guard.house.nonce());
    const system = await guard.house.system(exchange.system);
    if (system === undefined) throw new HouseFault('system.not_found');
    if (method === 'POST') return await answerMessage(exchange, { caller, system, reply }, asked);
    const ask = askOf(exchange, { caller, system, reply }, checkSessionVersion(request.headers));
    await guard.underWay.run(ask, { isStream: method === 'GET' }, () => passSession(guard, ask, method));
  } catch (thrown) {
    refuse(exchange, reply, asked.id, thrown);
  }
}

async function authenticate({ guard, system, request }: Exchange): Promise<AuthenticatedCaller> {
  const resource = guard.addresses.resource(system);
  const authorization = headerValues(request, 'authorization');
  return guard.house.authenticate({
    method: request.method ?? '',
    url: resource,
    audience: resource,
    authorization: authorization.length === 1 ? authorization[0] : undefined,
    dpop: headerValues(request, 'dpop'),
    certificate: guard.certificateOf?.(request),
  });
}

/** Every value of a header, unjoined, as `headersDistinct` has them, without sorting all the others. */
function headerValues({ rawHeaders }: IncomingMessage, wanted: string): readonly string[] {
  const values: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length === wanted.length && name.toLowerCase() === wanted) values.push(rawHeaders[at + 1] ?? '');
  }
  return values;
}

type Known = { readonly caller: AuthenticatedCaller; readonly system: GuardedSystem; readonly reply: Reply };

async function answerMessage(exchange: Exchange, known: Known, asked: { id: JsonRpcId | null }): Promise<void> {
  const { guard, request } = exchange;
  if (!isJson(request)) throw new Rejection(415, 'invalid_request', 'Send "Content-Type: application/json".');
  const message = readMessage(await readBody(request, guard.limits), guard.limits.depth); //         2 understand
  if (message.kind === 'request') asked.id = message.id;
  const spoken = checkVersion(request.headers, message);
  const ask = askOf(exchange, known, spoken);
  const treatment = message.kind === 'response' ? 'answer' : treatmentOf(message.method, spoken.era);
  if (treatment === undefined) throw notOffered(spoken, message.kind === 'notification');
  const underWay = { id: asked.id ?? undefined, isStream: treatment === 'stream' };
  await guard.underWay.run(ask, underWay, async () => {
    if (treatment !== 'decide') return passOn(guard, ask, message, treatment);
    if (message.kind !== 'request') throw new Rejection(400, 'invalid_request', 'A call needs an id.');
    await callTool(guard, ask, message);
  });
}

function askOf({ guard, request }: Exchange, { caller, system, reply }: Known, spoken: Spoken): Ask {
  const sealed = request.headers['mcp-session-id'];
  const cutSwitch = new CutSwitch();
  reply.onGone(() => cutSwitch.cut('client_gone'));
  const mcpSession =
    typeof sealed === 'string' && spoken.era === 'session' ? guard.mcpSessions.open(sealed, caller, system) : undefined;
  return { caller, system, spoken, headers: request.headers, mcpSession, reply, cutSwitch };
}

/** A 404 would end a session of the older protocol, so there the error comes with 200. */
function notOffered({ era }: Spoken, isNotification: boolean): Rejection {
  const status = era === 'stateless' || isNotification ? 404 : 200;
  return new Rejection(status, 'method_not_found', 'This method is not offered by this guard yet.');
}

function isJson({ headers }: IncomingMessage): boolean {
  return (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() === 'application/json';
}

function refuse(exchange: Exchange, reply: Reply, id: JsonRpcId | null, thrown: unknown): void {
  const { guard, request, response } = exchange;
  if (response.destroyed) return;
  drainAfterAnswer(request, response);
  if (thrown instanceof Rejection) return reply.finish(thrown.text(id), thrown.status);
  const code = faultCodeOf(thrown);
  if (code === 'internal') guard.log.error(errorFields(thrown), 'a request to the guard broke');
  if (code.startsWith('token.') || code.startsWith('dpop.')) return demandProof(exchange, code, demandedBy(thrown));
  const { status, title, next } = faults[code];
  const rejection = new Rejection(status, status >= 500 ? 'unavailable' : 'denied', `${title}. ${next}`, { code });
  reply.finish(rejection.text(id), status, status === 503 ? { 'retry-after': '1' } : {});
}

/** 401: what is missing or wrong, and where to get what is needed. */
function demandProof({ guard, system, response }: Exchange, code: FaultCode, demanded: Challenged['demanded']): void {
  const { title, next } = faults[code];
  response.setHeader('www-authenticate', challenge(guard.addresses, { system, demanded }, code));
  response.setHeader('dpop-nonce', guard.house.nonce());
  say(response, 401, { error: oauthError(code), error_description: `${title}. ${next}` });
}

function notAllowed(response: ServerResponse, allow: string): void {
  response.setHeader('allow', allow);
  say(response, 405, { error: 'method_not_allowed', error_description: faults['request.method_not_allowed'].title });
}

function say(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { ...privateHeaders, 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
