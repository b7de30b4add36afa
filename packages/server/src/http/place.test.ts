import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, test } from 'vitest';
import { frontPage } from './pages.ts';
import { type Authority, openAuthority } from './testing/authority.ts';
import { answerOf, type Client, openClient } from './testing/client.ts';
import { isProblem } from './testing/problem.ts';
import { speak } from './testing/speak.ts';

let authority: Authority;
let client: Client;

beforeAll(async () => {
  authority = await openAuthority();
  client = openClient(authority.issuer, await authority.human(['administrator']), `${authority.issuer}/v1`);
});
afterAll(() => authority.close());

const raw = (head: string, body = '') => speak(authority.issuer, `${head}connection: close\r\n\r\n${body}`);
const get = async (path: string, headers: Record<string, string> = {}) =>
  answerOf(await fetch(authority.issuer + path, { headers, redirect: 'manual' }));

test('a page of another site that reaches this server through a browser is refused', async () => {
  const { port } = new URL(authority.issuer);
  const hosts = {
    ok: [`127.0.0.1:${port}`, 'localhost', `localhost:${port}`, '[::1]:7070', '10.1.2.3'],
    bad: [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      'a b',
      '127.0.0.1@evil.example',
      '',
    ],
  };
  for (const host of hosts.ok) assert.match(await raw(`GET /healthz HTTP/1.1\r\nhost: ${host}\r\n`), /^HTTP\/1\.1 200/, host);
  for (const host of hosts.bad) assert.match(await raw(`GET /healthz HTTP/1.1\r\nhost: ${host}\r\n`), /^HTTP\/1\.1 403/, host);
  for (const origin of [
    'https://evil.example',
    'null',
    'http://127.0.0.1:1',
    `https://127.0.0.1:${port}`,
    `http://evil.example:${port}`,
  ]) {
    isProblem(await get('/v1/whoami', { origin }), 'access.denied', 403);
    assert.equal((await fetch(`${authority.issuer}/token`, { method: 'POST', headers: { origin } })).status, 403);
  }
  isProblem(await get('/v1/whoami', { origin: authority.issuer }), 'token.missing', 401);
});

test.each([
  ['two lengths', 'POST /token HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ncontent-length: 6\r\n'],
  ['a length and chunks', 'POST /token HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n'],
  ['an obscure transfer encoding', 'POST /token HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: xchunked\r\n'],
  ['two hosts', 'GET /healthz HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n'],
  ['no host', 'GET /healthz HTTP/1.1\r\n'],
  ['a space before the colon', 'GET /healthz HTTP/1.1\r\nhost : localhost\r\n'],
  ['another form of target', 'GET http://evil.example/healthz HTTP/1.1\r\nhost: localhost\r\n'],
  ['a tunnel', 'CONNECT evil.example:443 HTTP/1.1\r\nhost: localhost\r\n'],
  ['a header of 100 kB', `GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: ${'a'.repeat(100_000)}\r\n`],
])('a request with %s is refused', async (_name, head) => {
  const answered = await raw(head, 'a=b&c=d');
  assert.ok(answered === '' || /^HTTP\/1\.1 4\d\d /.test(answered), answered.slice(0, 60));
});

test('the metadata is the same at both addresses, names this issuer, and every address in it answers', async () => {
  const one = await get('/.well-known/oauth-authorization-server');
  const other = await get('/.well-known/openid-configuration');
  assert.deepEqual(one.body, other.body);
  assert.equal(one.body['issuer'], authority.issuer);
  const grantTypes = one.body['grant_types_supported'] as readonly string[];
  for (const name of ['client_credentials', 'token-exchange', 'jwt-bearer'])
    assert.ok(grantTypes.some((type) => type === name || type === `urn:ietf:params:oauth:grant-type:${name}`));
  assert.deepEqual(one.body['response_types_supported'], ['code']);
  assert.deepEqual(one.body['token_endpoint_auth_methods_supported'], ['private_key_jwt', 'spiffe_jwt', 'none']);
  assert.deepEqual(one.body['code_challenge_methods_supported'], ['S256']);
  assert.deepEqual(one.body['dpop_signing_alg_values_supported'], ['ES256', 'EdDSA']);
  for (const [name, address] of Object.entries(one.body).filter(([member]) => /(?:_endpoint|_uri)$/.test(member))) {
    const origin = name === 'authorization_endpoint' ? authority.issuer.replace('127.0.0.1', 'localhost') : authority.issuer;
    assert.ok(String(address).startsWith(`${origin}/`), name);
    assert.notEqual((await fetch(String(address))).status, 404, name);
  }
});

test('the metadata of the API names its resource and who gives tokens for it', async () => {
  const { status, body, headers } = await get('/.well-known/oauth-protected-resource/v1');
  assert.equal(status, 200);
  assert.deepEqual(body, {
    resource: `${authority.issuer}/v1`,
    resource_name: 'Surety API',
    authorization_servers: [authority.issuer],
    scopes_supported: ['call'],
    bearer_methods_supported: [],
    dpop_bound_access_tokens_required: true,
    dpop_signing_alg_values_supported: ['ES256', 'EdDSA'],
  });
  assert.match(headers.get('cache-control') ?? '', /max-age=300/);
});

test('the keys are public, may be kept a while, and hold nothing private', async () => {
  const { body, headers } = await get('/jwks');
  assert.equal((body['keys'] as object[]).length, 2);
  for (const key of body['keys'] as object[]) assert.equal('d' in key, false);
  assert.match(headers.get('cache-control') ?? '', /public/);
});

test('the authorization endpoint sends nobody to an address that it does not know, and cannot be framed', async () => {
  const path = '/authorize?response_type=code&redirect_uri=https://evil.example/&client_id=%3Cscript%3E';
  const moved = await fetch(authority.issuer + path, { redirect: 'manual' });
  const there = authority.issuer.replace('127.0.0.1', 'localhost') + path;
  assert.equal(moved.headers.get('location'), there);
  const { status, headers, body } = await answerOf(await fetch(there, { redirect: 'manual' }));
  assert.equal(status, 400);
  assert.match(headers.get('content-type') ?? '', /^text\/html/);
  assert.match(headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
  assert.equal(headers.get('location'), null);
  assert.doesNotMatch(String(body['text']), /evil|<script>/);
});

test('the API describes itself: every route that hangs here', async () => {
  const { body } = await get('/openapi.json');
  const paths = Object.keys(body['paths'] as object);
  assert.ok(paths.includes('/v1/whoami') && paths.includes('/v1/agents/{agent}'));
});

test('it is healthy, ready, and says at its front what it is', async () => {
  assert.equal((await get('/healthz')).status, 200);
  assert.equal((await get('/readyz')).status, 200);
  assert.match(String((await get('/')).body['text']), /openapi\.json/);
});

test('a new server says that it is unclaimed and where to claim it, to nobody else than who is there', () => {
  assert.equal(frontPage(false).body, 'Unclaimed: run surety claim where the server runs.\n');
});

test('the door of a code opens without a token, and only to a code', async () => {
  const { status, body } = await answerOf(
    await fetch(`${authority.issuer}/v1/enrol`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code: 'x'.repeat(26), jwk: client.dpopKey.publicJwk }),
    }),
  );
  assert.deepEqual([status, body['code']], [403, 'enrolment.refused']);
});

test('a storm at the token endpoint is refused beyond a limit, and the API still answers', async () => {
  const { hostname, port } = new URL(authority.issuer);
  const token = await client.accessToken();
  const sockets: Socket[] = [];
  try {
    for (let n = 0; n < 1_000; n++) {
      const socket = connect(Number(port), hostname).on('error', () => {});
      socket.write(
        'POST /token HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 100\r\n\r\ngrant',
      );
      sockets.push(socket);
    }
    const until = Date.now() + 10_000;
    let refused: Response;
    do refused = await fetch(`${authority.issuer}/token`, { method: 'POST' });
    while (refused.status !== 503 && Date.now() < until);
    assert.equal(refused.status, 503);
    assert.equal(((await refused.json()) as { error: string }).error, 'temporarily_unavailable');
    assert.equal(refused.headers.get('retry-after'), '1');
    assert.equal((await client.call('GET', '/v1/whoami', { token })).status, 200);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});
