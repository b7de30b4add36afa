import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Fault } from '#kernel/fault';
import { newId } from '#kernel/id';
import { errorFields } from '#kernel/log';
import type { RawHandler } from '#issuance/endpoint';
import { introspectionEndpoint } from '#issuance/introspection-endpoint';
import { revocationEndpoint } from '#issuance/revocation-endpoint';
import { oauthErrorOf, sendJson } from '#issuance/send-json';
import { parEndpoint } from '#issuance/interactive/par-endpoint';
import { tokenEndpoint } from '#issuance/token-endpoint';
import { buildApi } from './api.ts';
import { createPlaceCheck } from './check-place.ts';
import type { HallRoom } from './hall-room.ts';
import { guardHeaders } from './pages.ts';
import { renderProblem } from './render-problem.ts';
import { resourceMetadataPath } from './resource-metadata.ts';

/** How many requests of one kind are under way at most. Counted apart, so that a storm of tokens delays no stop. */
const maxUnderWay = { oauth: 1_000, api: 1_000 } as const;

/** The one listener of the API port: the OAuth endpoints as they come, everything else through Hono. */
export function buildHall(room: HallRoom): RequestListener {
  const isOurs = createPlaceCheck(room.issuer);
  const oauth: ReadonlyMap<string, RawHandler> = new Map([
    ['/token', tokenEndpoint(room.issuance)],
    ['/par', parEndpoint(room.issuance)],
    ['/introspect', introspectionEndpoint(room.issuance)],
    ['/revoke', revocationEndpoint(room.issuance)],
  ]);
  const hall = buildApi(room);
  const api = getRequestListener((request, env) => hall.fetch(request, env), { overrideGlobalObjects: false });
  const underWay = { oauth: 0, api: 0 };
  const admit = (kind: 'oauth' | 'api', handler: RawHandler, request: IncomingMessage, response: ServerResponse): void => {
    if (underWay[kind] >= maxUnderWay[kind]) return refuse(room, kind, response, new Fault('service.overloaded'));
    underWay[kind]++;
    handler(request, response)
      .catch((thrown: unknown) => {
        room.log.error(errorFields(thrown), 'a request ended without an answer');
        response.destroy();
      })
      .finally(() => underWay[kind]--);
  };
  return (request, response) => {
    if (!isOurs(request))
      return refuse(room, 'api', response, new Fault('access.denied', 'for another host, or from another origin'));
    const path = pathOf(request);
    const handler = oauth.get(path);
    const { interactive } = room.issuance;
    if (handler === undefined) admit('api', interactive.has(path) ? interactive.handle : api, request, response);
    else admit('oauth', handler, request, response);
  };
}

function pathOf({ url = '' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

/** A refusal before anybody has looked at the request. */
function refuse(room: HallRoom, kind: 'oauth' | 'api', response: ServerResponse, fault: Fault): void {
  const requestId = newId<string>('request', room.clock());
  const closing = { ...guardHeaders, 'x-request-id': requestId, connection: 'close' };
  if (kind === 'oauth') {
    const { status, body } = oauthErrorOf(fault, requestId);
    return sendJson(response, status, body, { ...closing, 'retry-after': '1' });
  }
  const { status, headers, body } = renderProblem(fault, { requestId, metadataUrl: room.issuer + resourceMetadataPath });
  sendJson(response, status, body, { ...closing, ...headers });
}
