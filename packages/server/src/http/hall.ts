import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { accessHandlers } from '#authzen/access-handlers';
import { Fault } from '#kernel/fault';
import { newId } from '#kernel/id';
import { errorFields } from '#kernel/log';
import type { RawHandler } from '#issuance/endpoint';
import { introspectionEndpoint } from '#issuance/introspection-endpoint';
import { registrationEndpoint } from '#issuance/registration-endpoint';
import { revocationEndpoint } from '#issuance/revocation-endpoint';
import { oauthErrorOf, sendJson } from '#issuance/send-json';
import { parEndpoint } from '#issuance/interactive/par-endpoint';
import { tokenEndpoint } from '#issuance/token-endpoint';
import { accessPlace } from './access-place.ts';
import { buildApi } from './api.ts';
import { createPlaceCheck } from './check-place.ts';
import type { HallRoom } from './hall-room.ts';
import { guardHeaders } from './pages.ts';
import { renderProblem } from './render-problem.ts';
import { resourceMetadataPath } from './resource-metadata.ts';

/** How many requests of one kind are under way at most. Counted apart, so that a storm of tokens delays no stop. */
const maxUnderWay = { oauth: 1_000, api: 1_000, access: 1_000 } as const;

/** The one listener of the API port: the OAuth endpoints as they come, everything else through Hono. */
export function buildHall(room: HallRoom): RequestListener {
  const isOurs = createPlaceCheck(room.issuer);
  const oauth = new Map([
    ...oauthEndpoints(room),
    ...(room.issuance.registersClients ? [['/register', registrationEndpoint(room.issuance)] as const] : []),
  ]);
  const hall = buildApi(room);
  const api = getRequestListener((request, env) => hall.fetch(request, env), { overrideGlobalObjects: false });
  const access = room.authzen === undefined ? undefined : accessHandlers(accessPlace(room, room.authzen));
  const admit = createAdmission(room);
  return (request, response) => {
    if (!isOurs(request))
      return refuse(room, 'api', response, new Fault('access.denied', 'for another host, or from another origin'));
    const path = pathOf(request);
    const handler = oauth.get(path);
    const asked = access?.(path);
    if (asked !== undefined) return admit('access', asked, request, response);
    const { interactive } = room.issuance;
    if (handler === undefined) admit('api', interactive.has(path) ? interactive.handle : api, request, response);
    else admit('oauth', handler, request, response);
  };
}

/**
 * What is served where clients show certificates, at an address of its own, so that no browser is asked for one: the
 * endpoints that know clients, and no page (RFC 8705 §5).
 */
export function buildCertificateHall(room: HallRoom, url: string): RequestListener {
  const isOurs = createPlaceCheck(url);
  const oauth = oauthEndpoints(room);
  const admit = createAdmission(room);
  return (request, response) => {
    const handler = isOurs(request) ? oauth.get(pathOf(request)) : undefined;
    if (handler === undefined) return refuse(room, 'api', response, new Fault('request.not_found'));
    admit('oauth', handler, request, response);
  };
}

function oauthEndpoints({ issuance }: HallRoom): ReadonlyMap<string, RawHandler> {
  return new Map([
    ['/token', tokenEndpoint(issuance)],
    ['/par', parEndpoint(issuance)],
    ['/introspect', introspectionEndpoint(issuance)],
    ['/revoke', revocationEndpoint(issuance)],
  ]);
}

/** Lets requests in until there are as many of their kind as may be. */
function createAdmission(room: HallRoom) {
  const underWay = { oauth: 0, api: 0, access: 0 };
  return (kind: keyof typeof underWay, handler: RawHandler, request: IncomingMessage, response: ServerResponse): void => {
    if (underWay[kind] >= maxUnderWay[kind]) return refuse(room, kind, response, new Fault('service.overloaded'));
    underWay[kind]++;
    handler(request, response)
      .catch((thrown: unknown) => {
        room.log.error(errorFields(thrown), 'a request ended without an answer');
        response.destroy();
      })
      .finally(() => underWay[kind]--);
  };
}

function pathOf({ url = '' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

/** A refusal before anybody has looked at the request. */
function refuse(room: HallRoom, kind: keyof typeof maxUnderWay, response: ServerResponse, fault: Fault): void {
  const requestId = newId<string>('request', room.clock());
  const closing = { ...guardHeaders, 'x-request-id': requestId, connection: 'close' };
  if (kind === 'oauth') {
    const { status, body } = oauthErrorOf(fault, requestId);
    return sendJson(response, status, body, { ...closing, 'retry-after': '1' });
  }
  const { status, headers, body } = renderProblem(fault, { requestId, metadataUrl: room.issuer + resourceMetadataPath });
  sendJson(response, status, body, { ...closing, ...headers });
}
