import type { IncomingMessage } from 'node:http';
import type { SearchKind } from '@surety/decision/authzen/access-search';
import type { RawHandler } from '#issuance/endpoint';
import { headerValues } from '#kernel/header-values';
import { malformed, readAccessBody } from './access-body.ts';
import { type AccessAct, type AccessPlace, createAccessEndpoint } from './access-endpoint.ts';
import { answerEvaluation, answerEvaluations } from './answer-evaluation.ts';
import { answerSearch } from './answer-search.ts';
import { accessPaths } from './pdp-metadata.ts';
import { requestAccess } from './request-access.ts';
import { answerStatus } from './view-access-request.ts';

/** The handler of a path, or undefined when nothing of AuthZEN stands there. */
export type AccessHandlers = (path: string) => RawHandler | undefined;

/** Every endpoint of AuthZEN and of the access request profile, at the standard's own paths. */
export function accessHandlers(place: AccessPlace): AccessHandlers {
  const { room } = place;
  const evaluate = (act: AccessAct) => createAccessEndpoint(place, { method: 'POST', action: 'access:evaluate', act });
  const search = (kind: SearchKind) =>
    createAccessEndpoint(place, {
      method: 'POST',
      action: 'access:search',
      act: async (pep, request) => ok(await answerSearch(room, pep, kind, await readAccessBody(request))),
    });
  const handlers: ReadonlyMap<string, RawHandler> = new Map([
    [
      accessPaths.evaluation,
      evaluate(async (pep, request) => ok(await answerEvaluation(room, pep, await readAccessBody(request)))),
    ],
    [
      accessPaths.evaluations,
      evaluate(async (pep, request) => ok(await answerEvaluations(room, pep, await readAccessBody(request)))),
    ],
    [accessPaths.searchSubject, search('subject')],
    [accessPaths.searchResource, search('resource')],
    [accessPaths.searchAction, search('action')],
    [
      accessPaths.requests,
      createAccessEndpoint(place, {
        method: 'POST',
        action: 'access:request',
        act: async (pep, request) =>
          requestAccess(room, pep, { body: (await readAccessBody(request)).members, idempotencyKey: idempotencyKeyOf(request) }),
      }),
    ],
  ]);
  const status = createAccessEndpoint(place, {
    method: 'GET',
    action: 'access:request',
    act: (pep, { url = '' }) => answerStatus(room, pep, url.slice(url.lastIndexOf('/') + 1)),
  });
  return (path) => handlers.get(path) ?? (isStatusPath(path) ? status : undefined);
}

function isStatusPath(path: string): boolean {
  return path.startsWith(`${accessPaths.requests}/arq_`) && !path.includes('/', accessPaths.requests.length + 1);
}

function ok(body: object): { readonly status: 200; readonly body: object } {
  return { status: 200, body };
}

/** draft-ietf-httpapi-idempotency-key-header: one string, here without regard to its quotes. */
function idempotencyKeyOf(request: IncomingMessage): string | undefined {
  const values = headerValues(request, 'idempotency-key');
  const [value] = values;
  if (value === undefined) return undefined;
  if (values.length > 1 || !/^[\x21-\x7e]{1,200}$/.test(value))
    malformed('/idempotency-key', 'is one text of at most 200 characters');
  return value;
}
