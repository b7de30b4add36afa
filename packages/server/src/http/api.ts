import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { openapi } from '@surety/contract/openapi';
import { metadataPath, openMetadata } from '#authzen/pdp-metadata';
import { findNewestNumber } from '#change/change-store';
import type { AnyAnswer } from '#kernel/answer';
import { asFault, Fault } from '#kernel/fault';
import { newId } from '#kernel/id';
import { errorFields } from '#kernel/log';
import { perform } from '#kernel/perform';
import { serverMetadata } from '#issuance/server-metadata';
import { admitCaller, recordingPermit } from './api-door.ts';
import { resourceMetadata, resourceMetadataPath } from './resource-metadata.ts';
import type { HallRoom } from './hall-room.ts';
import { frontPage, guardHeaders, type Page } from './pages.ts';
import { readInput } from './read-input.ts';
import { renderProblem } from './render-problem.ts';

type Env = { Bindings: HttpBindings; Variables: { requestId: string } };
type Hall = Hono<Env>;

/** How long an answer waits for its own change to arrive here, in milliseconds. What it did is done all the same. */
const hearMs = 1_000;

/** Documents that anybody may read may be kept this long, in seconds. */
const publicSeconds = 300;

/** Everything but the OAuth endpoints: the answers of the rooms, documents about this server, and its two pages. */
export function buildApi(room: HallRoom): Hall {
  const hall = new Hono<Env>();
  hall.use(async (c, next) => {
    c.set('requestId', newId('request', room.clock()));
    await next();
    for (const [name, value] of Object.entries(guardHeaders)) c.res.headers.set(name, value);
    c.res.headers.set('x-request-id', c.get('requestId'));
    if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'no-store');
  });
  hall.onError((thrown, c) => problem(room, c, thrown));
  hall.notFound((c) => problem(room, c, new Fault('request.not_found')));
  hangDocuments(hall, room);
  for (const answer of room.answers) hangAnswer(hall, room, answer);
  refuseOtherMethods(hall, room);
  return hall;
}

/** Hangs one answer: HTTP in, JSON or a problem out. Decides nothing. */
function hangAnswer(hall: Hall, room: HallRoom, answer: AnyAnswer): void {
  const permit = recordingPermit(room);
  const { route } = answer;
  hall.on(route.method, patternOf(route.path), async (c) => {
    if (route.door === 'principal') c.header('dpop-nonce', room.authenticator.nonce());
    const { incoming } = c.env;
    const caller = await admitCaller(room, route, incoming);
    const input = await readInput(incoming, route, c.req.param());
    const result = await perform(permit, caller, answer, input);
    if (route.method !== 'GET') await hearOwnChange(room);
    return c.json(result as object);
  });
}

/** What a request has changed is known here before it is answered, so that the next one finds it done. */
async function hearOwnChange({ db, feed }: HallRoom): Promise<void> {
  const newest = await findNewestNumber(db).catch(() => 0);
  await feed.waitFor(newest, hearMs);
}

function hangDocuments(hall: Hall, room: HallRoom): void {
  const metadata = serverMetadata(room.issuance);
  const resource = resourceMetadata(room.issuer);
  const routes = room.answers.map(({ route }) => route);
  const description = openapi(routes, { title: 'Surety', version: room.version, servers: [room.issuer] });
  const hangPublic = (path: string, read: () => object) =>
    hall.get(path, (c) => c.json(read(), 200, { 'cache-control': `public, max-age=${publicSeconds}` }));
  hangPublic('/.well-known/oauth-authorization-server', () => metadata);
  hangPublic('/.well-known/openid-configuration', () => metadata);
  hangPublic(resourceMetadataPath, () => resource);
  hangPublic('/jwks', () => room.keyRing.jwks());
  const { authzen } = room;
  if (authzen !== undefined) hangPublic(metadataPath, openMetadata(authzen));
  hangPublic('/openapi.json', () => description);
  hall.get('/healthz', (c) => c.json({ healthy: true }));
  hall.get('/readyz', async (c) => {
    if (!room.feed.isFresh()) throw new Fault('service.not_ready', 'the change feed is stale');
    await room.db.query('select 1').catch((thrown: unknown) => {
      throw new Fault('service.not_ready', 'the database does not answer', { cause: thrown });
    });
    return c.json({ ready: true });
  });
  hall.get('/', async (c) => page(c, frontPage(await room.isClaimed())));
}

/** RFC 9110 §15.5.6: an address that exists says which methods it takes. */
function refuseOtherMethods(hall: Hall, room: HallRoom): void {
  const allowed = Map.groupBy(
    hall.routes.filter(({ path, method }) => method !== 'ALL' && path !== '/*'),
    ({ path }) => path,
  );
  for (const [path, routes] of allowed) {
    const methods = [...new Set(routes.map(({ method }) => method))].join(', ');
    hall.all(path, (c) => {
      c.header('allow', methods);
      return problem(room, c, new Fault('request.method_not_allowed'));
    });
  }
}

function page(c: Context<Env>, { status, headers, body }: Page): Response {
  return c.body(body, status as ContentfulStatusCode, { ...headers });
}

/** The problem document of whatever was thrown. What broke on our side is logged with the request's id, never told. */
function problem(room: HallRoom, c: Context<Env>, thrown: unknown): Response {
  const fault = asFault(thrown);
  const requestId = c.get('requestId');
  if (fault.code === 'internal' || fault.cause !== undefined)
    room.log.error({ requestId, ...errorFields(fault.cause ?? fault) }, 'a request broke');
  const { status, headers, body } = renderProblem(fault, { requestId, metadataUrl: room.issuer + resourceMetadataPath });
  if (!c.env.incoming.complete) c.header('connection', 'close');
  return c.body(JSON.stringify(body), status as ContentfulStatusCode, { ...headers });
}

function patternOf(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}
