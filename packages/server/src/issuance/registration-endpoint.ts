import type { IncomingMessage } from 'node:http';
import { readExactJson, toPlain } from '@surety/contract/exact-json';
import { orNotReady } from '#authn/proof-fault';
import { asFault, Fault } from '#kernel/fault';
import { headerValues } from '#kernel/header-values';
import { newId } from '#kernel/id';
import { errorFields } from '#kernel/log';
import { readBody } from '#kernel/read-body';
import type { RawHandler } from './endpoint.ts';
import { malformed } from './form.ts';
import { registerClient } from './interactive/register-client.ts';
import type { IssuanceRoom } from './issuance-room.ts';
import { oauthErrorOf, sendJson } from './send-json.ts';

/** The longest description of a client, in bytes. */
const maxBytes = 16_384;

/**
 * Dynamic client registration (RFC 7591), for who holds an initial access token that a person made. That token is a one-time
 * code and opens nothing else. What is registered is managed by people: RFC 7592 is not offered.
 */
export function registrationEndpoint(room: Pick<IssuanceRoom, 'db' | 'clock' | 'log'>): RawHandler {
  return async (request, response) => {
    const requestId = newId<string>('request', room.clock());
    const headers = { 'x-request-id': requestId };
    try {
      if (request.method !== 'POST') throw new Fault('request.method_not_allowed');
      const token = readToken(request);
      sendJson(response, 201, await orNotReady(registerClient(room, { token, metadata: await readJson(request) })), headers);
    } catch (thrown) {
      if (request.destroyed && !request.complete) return;
      const fault = asFault(thrown);
      if (fault.code === 'internal' || fault.cause !== undefined)
        room.log.error({ requestId, ...errorFields(fault.cause ?? fault) }, 'a registration broke');
      const { status, body } = oauthErrorOf(fault, requestId);
      sendJson(response, status, body, { ...headers, ...extraHeaders(fault, request) });
    }
  };
}

function readToken(request: IncomingMessage): string {
  const shown = headerValues(request, 'authorization');
  const token = /^Bearer ([0-9a-hjkmnp-tv-z]{26})$/i.exec(shown.length === 1 ? (shown[0] ?? '') : '')?.[1];
  if (token === undefined) throw new Fault('registration.refused', 'there is no initial access token');
  return token;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  if (!/^application\/json(?:\s*;\s*charset="?utf-8"?)?$/i.test(request.headers['content-type'] ?? ''))
    malformed('/content-type', 'send application/json');
  const body = await readBody(request, maxBytes);
  try {
    return toPlain(readExactJson(body, { depth: 8, nodes: 1_000 }));
  } catch {
    return malformed('/', 'the body is not JSON');
  }
}

function extraHeaders(fault: Fault, request: IncomingMessage): Readonly<Record<string, string>> {
  return {
    ...(fault.code === 'registration.refused' ? { 'www-authenticate': 'Bearer error="invalid_token"' } : {}),
    ...(fault.code === 'request.method_not_allowed' ? { allow: 'POST' } : {}),
    ...(request.complete ? {} : { connection: 'close' }),
  };
}
