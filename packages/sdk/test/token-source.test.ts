import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'vitest';
import { createSigningKey, type SigningKey } from '../src/agent-key.ts';
import { SuretyError } from '../src/surety-error.ts';
import { createTokenSource } from '../src/token-source.ts';
import { Refusal, type StandIn, startStandIn } from './stand-in.ts';

const clientId = 'agt_01k9z7qh4m8y2c3d4e5f6g7h8j';
let server: StandIn;
let key: SigningKey;

beforeEach(async () => {
  server = await startStandIn();
  key = await createSigningKey();
  server.enrol(clientId, key.publicJwk);
});
afterEach(() => server.close());

function source(more: Partial<Parameters<typeof createTokenSource>[0]> = {}) {
  return createTokenSource({ issuer: server.url, clientId, key: async () => key, ...more });
}

async function refusedWith(promise: Promise<unknown>): Promise<SuretyError> {
  const thrown = await promise.then(
    () => assert.fail('was not refused'),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof SuretyError, String(thrown));
  return thrown;
}

test('a token is got with an assertion for the issuer alone and a proof that answers the challenge for a nonce', async () => {
  const token = await source().token(`${server.url}/v1`);
  assert.equal(token.resource, `${server.url}/v1`);
  assert.ok(Math.abs(token.expiresAtMs - Date.now() - 300_000) < 5_000);
  assert.deepEqual(server.seen, ['GET /.well-known/oauth-authorization-server', 'POST /token', 'POST /token']);
  const [first, second] = server.tokenRequests;
  assert.notEqual(first?.get('client_assertion'), second?.get('client_assertion'));
  assert.equal(second?.get('resource'), `${server.url}/v1`);
  assert.equal(second?.get('task'), null);
});

test('without a demand for nonces one request is enough', async () => {
  server.demandNonces = false;
  await source().token(`${server.url}/v1`);
  assert.equal(server.tokenRequests.length, 1);
});

test('a token is kept per resource, and asked for once however many wait', async () => {
  const tokens = source();
  const many = await Promise.all(Array.from({ length: 20 }, () => tokens.token(`${server.url}/v1`)));
  assert.equal(new Set(many.map(({ value }) => value)).size, 1);
  assert.equal(server.tokenRequests.length, 2);
  await tokens.token(`${server.url}/mcp/shop`);
  assert.equal(server.tokenRequests.length, 3);
  assert.equal(server.tokenRequests[2]?.get('resource'), `${server.url}/mcp/shop`);
});

test('shortly before it ends a token is renewed, not earlier', async () => {
  server.tokenSeconds = 21;
  const tokens = source();
  const first = await tokens.token(`${server.url}/v1`);
  assert.equal((await tokens.token(`${server.url}/v1`)).value, first.value);
  await new Promise((resolve) => setTimeout(resolve, first.expiresAtMs - 20_000 - Date.now() + 20));
  assert.notEqual((await tokens.token(`${server.url}/v1`)).value, first.value);
});

test('a refused token is dropped, and only that one', async () => {
  const tokens = source();
  const first = await tokens.token(`${server.url}/v1`);
  tokens.forget(`${server.url}/v1`, 'another');
  assert.equal((await tokens.token(`${server.url}/v1`)).value, first.value);
  tokens.forget(`${server.url}/v1`, first.value);
  assert.notEqual((await tokens.token(`${server.url}/v1`)).value, first.value);
});

test('a named task goes along', async () => {
  await source({ task: 'tsk_01k9z7qh4m8y2c3d4e5f6g7h8j' }).token(`${server.url}/v1`);
  assert.equal(server.tokenRequests[1]?.get('task'), 'tsk_01k9z7qh4m8y2c3d4e5f6g7h8j');
});

test('a refusal says what, and what to do, with the fault of the contract', async () => {
  server.answers['token'] = () => {
    throw new Refusal('grant.refused');
  };
  const error = await refusedWith(source().token(`${server.url}/v1`));
  assert.equal(error.code, 'grant.refused');
  assert.equal(error.status, 400);
  assert.match(error.next, /Ask the person who answers for it/);
  assert.equal(error.requestId, 'req_01k9z7qh4m8y2c3d4e5f6g7h8j');
});

test('a failure is not kept: the next one who asks tries again', async () => {
  let broken = true;
  server.answers['token'] = () => {
    if (broken) throw new Refusal('service.not_ready');
    return undefined;
  };
  const tokens = source();
  assert.equal((await refusedWith(tokens.token(`${server.url}/v1`))).code, 'service.not_ready');
  broken = false;
  assert.ok((await tokens.token(`${server.url}/v1`)).value);
});

test('a key that is not enrolled gets nothing', async () => {
  const other = await createSigningKey();
  assert.equal((await refusedWith(source({ key: async () => other }).token(`${server.url}/v1`))).code, 'client.unknown');
});

test('a server that is not there is said to be unreachable, without its answer', async () => {
  const error = await refusedWith(source({ issuer: 'http://127.0.0.1:9' }).token('http://127.0.0.1:9/v1'));
  assert.equal(error.code, 'local.unreachable');
  assert.equal(error.status, 0);
});

test('metadata by another issuer is refused: no assertion goes to whatever address it names (RFC 8414 §3.3)', async () => {
  const sent: string[] = [];
  const fetch = async (input: string | URL | Request): Promise<Response> => {
    sent.push(new Request(input).url);
    return Response.json({ issuer: 'https://evil.example', token_endpoint: 'https://evil.example/token' });
  };
  assert.equal((await refusedWith(source({ fetch }).token(`${server.url}/v1`))).code, 'local.unexpected_answer');
  assert.deepEqual(sent, [`${server.url}/.well-known/oauth-authorization-server`]);
});

test('the metadata of an issuer with a path stands before the path (RFC 8414 §3.1)', async () => {
  const sent: string[] = [];
  const fetch = async (input: string | URL | Request): Promise<Response> => {
    sent.push(new Request(input).url);
    return Response.json({}, { status: 404 });
  };
  await refusedWith(source({ issuer: 'https://id.example/house', fetch }).token('https://id.example/house/v1'));
  assert.deepEqual(sent, [
    'https://id.example/.well-known/oauth-authorization-server/house',
    'https://id.example/.well-known/openid-configuration/house',
    'https://id.example/house/.well-known/openid-configuration',
  ]);
});

test('a token that is not bound to the key is not taken', async () => {
  const fetch: typeof globalThis.fetch = async (input) =>
    new Request(input).url.endsWith('/token')
      ? Response.json({ access_token: 'x', token_type: 'Bearer', expires_in: 300 })
      : Response.json({ issuer: server.url, token_endpoint: `${server.url}/token` });
  const error = await refusedWith(source({ fetch }).token(`${server.url}/v1`));
  assert.equal(error.code, 'local.unexpected_answer');
});

test('a server that asks for a nonce for ever is asked twice, not for ever', async () => {
  server.answers['token'] = () => {
    throw new Refusal('dpop.nonce_required');
  };
  assert.equal((await refusedWith(source().token(`${server.url}/v1`))).code, 'dpop.nonce_required');
  assert.equal(server.tokenRequests.length, 2);
});
