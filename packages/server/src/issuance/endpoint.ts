import type { IncomingMessage, ServerResponse } from 'node:http';
import { asFault, Fault } from '#kernel/fault';
import { headerValues } from '#kernel/header-values';
import { newId } from '#kernel/id';
import { errorFields } from '#kernel/log';
import { type Form, malformed, readForm } from './form.ts';
import type { IssuanceRoom } from './issuance-room.ts';
import { oauthErrorOf, sendJson } from './send-json.ts';

/** A handler on a raw `node:http` listener. It always answers and never rejects. */
export type RawHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** What an endpoint does with a request that was read. What it returns is sent with status 200; `answered`: it was sent. */
export type EndpointAct = (
  form: Form,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<object | 'empty' | 'answered'>;

/**
 * The frame of `/token`, `/introspect` and `/revoke`: POST of a form, answered with JSON or an OAuth error (RFC 6749 §5),
 * never stored, with the DPoP nonce of now (RFC 9449 §8.2). A client that shows a credential in the Authorization header is
 * refused: there is one way to authenticate, and two at once are one too many (RFC 6749 §2.3).
 */
export function createEndpoint(room: Pick<IssuanceRoom, 'nonces' | 'clock' | 'log'>, act: EndpointAct): RawHandler {
  return async (request, response) => {
    const requestId = newId<string>('request', room.clock());
    const headers = { 'dpop-nonce': room.nonces.issue(room.clock()), 'x-request-id': requestId };
    try {
      checkHead(request);
      const body = await act(await readForm(request), request, response);
      if (body === 'answered') return;
      if (body !== 'empty') return sendJson(response, 200, body, headers);
      response.writeHead(200, { ...headers, 'cache-control': 'no-store', 'content-length': 0 }).end();
    } catch (thrown) {
      if (request.destroyed && !request.complete) return;
      const fault = asFault(thrown);
      if (fault.code === 'internal' || fault.cause !== undefined)
        room.log.error({ requestId, ...errorFields(fault.cause ?? fault) }, 'an OAuth endpoint broke');
      const { status, body } = oauthErrorOf(fault, requestId);
      sendJson(response, status, body, { ...headers, ...extraHeaders(fault, request) });
    }
  };
}

function checkHead(request: IncomingMessage): void {
  if (request.method !== 'POST') throw new Fault('request.method_not_allowed');
  const shown = headerValues(request, 'authorization');
  if (shown.length === 0) return;
  if (shown.some((value) => /^basic\b/i.test(value))) throw new Fault('client.unknown', 'a shared secret was presented');
  malformed('/authorization', 'authenticate with a client assertion in the body');
}

function extraHeaders(fault: Fault, request: IncomingMessage): Readonly<Record<string, string>> {
  return {
    ...(fault.code === 'request.method_not_allowed' ? { allow: 'POST' } : {}),
    ...(fault.code === 'service.overloaded' || fault.code === 'service.not_ready' ? { 'retry-after': '1' } : {}),
    ...(request.complete ? {} : { connection: 'close' }),
  };
}
