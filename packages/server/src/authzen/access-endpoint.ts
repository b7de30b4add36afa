import type { IncomingMessage, ServerResponse } from 'node:http';
import { QuestionError } from '@surety/decision/authzen/access-question';
import type { RawHandler } from '#issuance/endpoint';
import { sendJson } from '#issuance/send-json';
import { asFault, Fault } from '#kernel/fault';
import { newId } from '#kernel/id';
import { errorFields } from '#kernel/log';
import type { AuthzenRoom } from './authzen-room.ts';
import { type AccessDoor, admitPep, type Pep, type PepAction } from './pep.ts';

/** What is answered: status 200 and a body, or what a profile says otherwise. */
export type AccessResponse = {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
};

export type AccessAct = (pep: Pep, request: IncomingMessage) => Promise<AccessResponse>;

type Problem = (fault: Fault, requestId: string) => AccessResponse;

/** Where an endpoint stands: its door, and how a fault leaves the house. */
export type AccessPlace = { readonly room: AuthzenRoom; readonly door: AccessDoor; readonly problem: Problem };

type Endpoint = { readonly method: 'GET' | 'POST'; readonly action: PepAction; readonly act: AccessAct };

/**
 * The frame of every endpoint of AuthZEN: who asks is admitted before anything is read of what they ask. A no of policy is an
 * answer with status 200; 400, 401, 403 and 5xx are about the request (AuthZEN 1.0 §10.1). `X-Request-ID` comes back as it was
 * sent.
 */
export function createAccessEndpoint({ room, door, problem }: AccessPlace, { method, action, act }: Endpoint): RawHandler {
  return async (request, response) => {
    const requestId = requestIdOf(request) ?? newId<string>('request', room.clock());
    const headers = { 'x-request-id': requestId, 'dpop-nonce': door.nonce() };
    try {
      if (request.method !== method) throw new Fault('request.method_not_allowed');
      const pep = await admitPep(room, door, request, action);
      const { status, body, headers: more } = await act(pep, request);
      sendJson(response, status, body, { ...headers, ...more });
    } catch (thrown) {
      if (request.destroyed && !request.complete) return;
      answerFault(response, { request, headers, allow: method }, faultOf(thrown), { room, problem, requestId });
    }
  };
}

type Failed = { readonly request: IncomingMessage; readonly headers: Readonly<Record<string, string>>; readonly allow: string };

function answerFault(
  response: ServerResponse,
  { request, headers, allow }: Failed,
  fault: Fault,
  { room, problem, requestId }: { readonly room: AuthzenRoom; readonly problem: Problem; readonly requestId: string },
): void {
  if (fault.code === 'internal' || fault.cause !== undefined)
    room.log.error({ requestId, ...errorFields(fault.cause ?? fault) }, 'an access question broke');
  const { status, body, headers: more } = problem(fault, requestId);
  sendJson(response, status, body, {
    ...headers,
    ...more,
    ...(fault.code === 'request.method_not_allowed' ? { allow } : {}),
    ...(request.complete ? {} : { connection: 'close' }),
  });
}

function faultOf(thrown: unknown): Fault {
  if (!(thrown instanceof QuestionError)) return asFault(thrown);
  return new Fault('request.malformed', undefined, { issues: [{ path: thrown.path, message: thrown.message }] });
}

/** What a caller calls its request, when it can stand in a header field; it means nothing to us. */
function requestIdOf({ headers }: IncomingMessage): string | undefined {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\x20-\x7e]{1,200}$/.test(given) ? given : undefined;
}
