import assert from 'node:assert/strict';
import { route } from '@surety/contract/route';
import { hashAccessToken } from '@surety/proof/dpop';
import { afterAll, beforeAll, test } from 'vitest';
import * as z from 'zod';
import { answer } from '#kernel/answer';
import { openLog } from '#kernel/log';
import { type Authority, openAuthority } from './testing/authority.ts';
import { answerOf, type Client, openClient } from './testing/client.ts';
import { isGuarded, isProblem } from './testing/problem.ts';

const canary = 'canary-7f3d9a2e';
const seen: unknown[] = [];
const logged: string[] = [];

/** Routes of this test, beside those of the house. */
const answers = [
  answer(
    route({
      name: 'echo',
      method: 'POST',
      path: '/v1/echo/{id}',
      action: 'echo:write',
      summary: 'Echo.',
      input: z.strictObject({ id: z.string(), text: z.string().max(50), n: z.int().optional() }),
      output: z.unknown(),
      faults: [],
    }),
    async (caller, input) => (seen.push({ caller, input }), input),
  ),
  answer(
    route({
      name: 'search',
      method: 'GET',
      path: '/v1/echo',
      action: 'echo:read',
      summary: 'Search.',
      input: z.strictObject({ q: z.string().optional() }),
      output: z.unknown(),
      faults: [],
    }),
    async (_caller, input) => input,
  ),
  answer(
    route({
      name: 'break',
      method: 'POST',
      path: '/v1/break',
      action: 'echo:write',
      summary: 'Breaks.',
      input: z.strictObject({}),
      output: z.strictObject({}),
      faults: [],
    }),
    async () => {
      throw new Error(`${canary} select * from secret`);
    },
  ),
  answer(
    route({
      name: 'leak',
      method: 'GET',
      path: '/v1/leak',
      action: 'echo:read',
      summary: 'Answers too much.',
      input: z.strictObject({}),
      output: z.strictObject({ ok: z.boolean() }),
      faults: [],
    }),
    async () => ({ ok: true, secret: canary }),
  ),
  answer(
    route({
      name: 'slow',
      method: 'GET',
      path: '/v1/slow',
      action: 'echo:read',
      summary: 'Slow.',
      input: z.strictObject({}),
      output: z.strictObject({ ok: z.boolean() }),
      faults: [],
    }),
    async () => new Promise((resolve) => setTimeout(() => resolve({ ok: true }), 300)),
  ),
];

let authority: Authority;
let client: Client;
let token: string;
let auditor: Client;

beforeAll(async () => {
  const log = openLog('silent');
  authority = await openAuthority({
    answers,
    log: { ...log, error: (fields, message) => logged.push(JSON.stringify(fields) + message) },
  });
  client = openClient(authority.issuer, await authority.human(['administrator']), `${authority.issuer}/v1`);
  auditor = openClient(authority.issuer, await authority.human(['auditor']), `${authority.issuer}/v1`);
  token = await client.accessToken();
});
afterAll(() => authority.close());

const get = async (path: string, headers: Record<string, string> = {}) =>
  answerOf(await fetch(authority.issuer + path, { headers, redirect: 'manual' }));

/** A proof for a request of the API. */
const proof = (method: string, path: string, claims: object = {}) =>
  client.proof({ htm: method, htu: authority.issuer + path, ath: hashAccessToken(token), ...claims });

test('a principal who proves itself is answered, and told the nonce for the next request', async () => {
  const { status, headers, body } = await client.call('GET', '/v1/whoami', { token });
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(body['kind'], 'human');
  assert.ok(headers.get('dpop-nonce'));
  assert.equal(headers.get('cache-control'), 'no-store');
  assert.match(headers.get('x-request-id') ?? '', /^req_/);
  isGuarded(headers);
});

test('without a token the challenge says how to get one, and accuses nobody', async () => {
  const refused = await get('/v1/whoami');
  isProblem(refused, 'token.missing', 401);
  assert.equal(
    refused.headers.get('www-authenticate'),
    `DPoP algs="ES256 EdDSA", resource_metadata="${authority.issuer}/.well-known/oauth-protected-resource/v1"`,
  );
  assert.ok(refused.headers.get('dpop-nonce'));
});

test('every refusal of a token or proof is a 401 with the challenge and the name of the error', async () => {
  const good = await client.accessToken();
  const cases: readonly (readonly [string, string, Record<string, string>])[] = [
    ['token.not_bound', 'invalid_token', { authorization: `Bearer ${token}` }],
    ['token.invalid', 'invalid_token', { authorization: 'DPoP x', dpop: proof('GET', '/v1/whoami') }],
    ['token.invalid', 'invalid_token', { authorization: `DPoP ${good}x`, dpop: proof('GET', '/v1/whoami') }],
    ['token.invalid', 'invalid_token', { authorization: 'Basic YTpi' }],
    ['dpop.proof_invalid', 'invalid_dpop_proof', { authorization: `DPoP ${token}` }],
    ['dpop.proof_invalid', 'invalid_dpop_proof', { authorization: `DPoP ${token}`, dpop: proof('POST', '/v1/whoami') }],
    ['dpop.proof_invalid', 'invalid_dpop_proof', { authorization: `DPoP ${token}`, dpop: proof('GET', '/v1/agents') }],
    ['dpop.proof_invalid', 'invalid_dpop_proof', { authorization: `DPoP ${token}`, dpop: proof('GET', '/token') }],
    [
      'dpop.nonce_required',
      'use_dpop_nonce',
      { authorization: `DPoP ${token}`, dpop: proof('GET', '/v1/whoami', { nonce: undefined }) },
    ],
  ];
  for (const [code, error, headers] of cases) {
    const refused = await get('/v1/whoami', headers);
    isProblem(refused, code, 401);
    assert.match(
      refused.headers.get('www-authenticate') ?? '',
      new RegExp(`^DPoP error="${error}", error_description="[^"]+", algs="ES256 EdDSA", resource_metadata="http`),
    );
    assert.ok(refused.headers.get('dpop-nonce'));
  }
});

test('a token for another resource opens nothing here', async () => {
  await authority.system('crm');
  const agent = openClient(authority.issuer, await authority.agent(), `${authority.gatewayUrl}/mcp/crm`);
  isProblem(await agent.call('GET', '/v1/whoami'), 'token.invalid', 401);
});

test('one proof is one request: of twenty at once exactly one is answered', async () => {
  const dpop = proof('GET', '/v1/whoami');
  const results = await Promise.all(Array.from({ length: 20 }, () => client.call('GET', '/v1/whoami', { token, proof: dpop })));
  assert.equal(results.filter(({ status }) => status === 200).length, 1);
  for (const refused of results.filter(({ status }) => status !== 200)) isProblem(refused, 'dpop.proof_replayed', 401);
});

test('a proof covers the address, whatever query comes with it', async () => {
  assert.deepEqual((await client.call('GET', '/v1/echo?q=a%20b', { token })).body, { q: 'a b' });
});

test('what policy refuses is a 403 that says why, nothing is done, and the ledger knows it before the caller does', async () => {
  const before = seen.length;
  const refused = await auditor.call('POST', '/v1/echo/x', { body: { text: 'hi' } });
  isProblem(refused, 'access.denied', 403);
  assert.deepEqual(refused.body['why'], ['No role of the caller permits echo:write here.']);
  assert.equal(refused.headers.get('www-authenticate'), null);
  assert.equal(seen.length, before);
  const { rows } = await authority.db.query<{ body: string }>(
    `select body from entry where type = 'api.denied' and about = 'echo:write'`,
  );
  assert.deepEqual(JSON.parse(rows.at(-1)!.body).data, { reason: 'No role of the caller permits echo:write here.' });
});

test('members come from the path and from the body, each once', async () => {
  const { body } = await client.call('POST', '/v1/echo/a%2Fb', { token, body: { text: 'hi', n: 7 } });
  assert.deepEqual(body, { id: 'a/b', text: 'hi', n: 7 });
  isProblem(await client.call('POST', '/v1/echo/x', { token, body: { text: 'hi', id: 'other' } }), 'request.malformed', 400);
  isProblem(await client.call('POST', '/v1/echo/x?text=a', { token, body: { text: 'hi' } }), 'request.malformed', 400);
  isProblem(await client.call('GET', '/v1/echo?q=a&q=b', { token }), 'request.malformed', 400);
  isProblem(await client.call('GET', '/v1/echo?r=a', { token }), 'request.malformed', 400);
});

test('a refusal names the member and the rule, and never the value', async () => {
  const refused = await client.call('POST', '/v1/echo/x', { token, body: { text: canary.repeat(10), other: canary } });
  isProblem(refused, 'request.malformed', 400);
  assert.ok((refused.body['issues'] as { path: string }[]).some(({ path }) => path === '/text'));
  assert.ok(!JSON.stringify(refused.body).includes(canary));
});

test.each([
  ['the same key twice', '{"text":"a","text":"b"}', 'application/json', 400],
  ['an array', '[]', 'application/json', 400],
  ['no JSON', '{text:1}', 'application/json', 400],
  ['a number that a double would change', '{"text":"a","n":0.1234567890123456789}', 'application/json', 400],
  ['an integer beyond 2^53', '{"text":"a","n":9007199254740993}', 'application/json', 400],
  ['a byte order mark', '\ufeff{"text":"a"}', 'application/json', 400],
  ['a lone surrogate', '{"text":"\\ud800"}', 'application/json', 400],
  ['nesting', `${'['.repeat(10_000)}`, 'application/json', 400],
  ['a form', 'text=a', 'application/x-www-form-urlencoded', 400],
  ['plain text', '{"text":"a"}', 'text/plain', 400],
  ['UTF-16', '{"text":"a"}', 'application/json; charset=utf-16', 400],
  ['two megabytes', `{"text":"${'a'.repeat(2_000_000)}"}`, 'application/json', 413],
  ['its prototype', '{"text":"a","__proto__":{"n":1}}', 'application/json', 400],
])('a body with %s is refused', async (_name, body, type, status) => {
  const headers = { authorization: `DPoP ${token}`, dpop: proof('POST', '/v1/echo/x'), 'content-type': type };
  const refused = await answerOf(await fetch(`${authority.issuer}/v1/echo/x`, { method: 'POST', headers, body }));
  isProblem(refused, status === 413 ? 'request.too_large' : 'request.malformed', status);
});

test('what breaks on our side is a 500 with an id, and nothing of it is told or logged but where it was', async () => {
  logged.length = 0;
  const broken = await client.call('POST', '/v1/break', { token });
  isProblem(broken, 'internal', 500);
  assert.ok(!JSON.stringify(broken.body).includes(canary) && !/at |\.ts/.test(JSON.stringify(broken.body)));
  assert.equal(logged.length, 1);
  assert.ok(logged[0]!.includes(String(broken.body['requestId'])) && !logged[0]!.includes(canary));
});

test('an answer that says more than its contract does not leave', async () => {
  const refused = await client.call('GET', '/v1/leak', { token });
  isProblem(refused, 'internal', 500);
  assert.ok(!JSON.stringify(refused.body).includes(canary));
});

test('an address that is not there is a 404, a method that is not a 405 that says which are', async () => {
  for (const path of [
    '/v1/nothing',
    '/v1',
    '/v1/',
    '/admin',
    '/v1/echo/x/y',
    '//v1/whoami',
    '/v1/whoami/',
    '/V1/whoami',
    '/token/',
    '/v1/./whoami%00',
  ]) {
    isProblem(await get(path), 'request.not_found', 404);
  }
  const refused = await answerOf(await fetch(`${authority.issuer}/v1/whoami`, { method: 'DELETE' }));
  isProblem(refused, 'request.method_not_allowed', 405);
  assert.equal(refused.headers.get('allow'), 'GET');
  assert.equal((await fetch(`${authority.issuer}/jwks`, { method: 'POST' })).status, 405);
});
