import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, test } from 'vitest';
import { createSigningKey, type SigningKey } from '../src/agent-key.ts';
import { createFetch } from '../src/dpop-fetch.ts';
import { resourceAt } from '../src/surety.ts';
import { SuretyError } from '../src/surety-error.ts';
import { createTokenSource, type Fetch } from '../src/token-source.ts';
import { type StandIn, startStandIn } from './stand-in.ts';

const clientId = 'agt_01k9z7qh4m8y2c3d4e5f6g7h8j';
let server: StandIn;
let key: SigningKey;
let fetch: Fetch;
let bodies: string[];

beforeEach(async () => {
  server = await startStandIn();
  key = await createSigningKey();
  server.enrol(clientId, key.publicJwk);
  bodies = [];
  server.mcp = (request, body, response) => {
    bodies.push(body.toString());
    response
      .writeHead(200, { 'content-type': 'application/json', 'x-seen': String(request.headers['x-own']) })
      .end('{"ok":true}');
  };
  const tokens = createTokenSource({ issuer: server.url, clientId, key: async () => key });
  fetch = createFetch({ tokens, key: async () => key, resourceOf: (url) => resourceAt(url, server.url, server.url) });
});
afterEach(() => server.close());

test('a request carries a token for its resource and a proof by the key, and the challenge for a nonce is answered', async () => {
  const response = await fetch(`${server.url}/mcp/shop?x=1#y`, { method: 'post', headers: { 'x-own': 'kept' }, body: 'hello' });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('x-seen'), 'kept');
  assert.deepEqual(bodies, ['hello']);
});

test('once the nonce is known every request is sent once', async () => {
  await fetch(`${server.url}/mcp/shop`, { method: 'POST', body: '1' });
  const before = server.seen.length;
  for (let count = 0; count < 5; count += 1) await fetch(`${server.url}/mcp/shop`, { method: 'POST', body: '1' });
  assert.equal(server.seen.length - before, 5);
});

test('twenty at once all pass: every proof is fresh', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, () => fetch(`${server.url}/mcp/shop`, { method: 'POST', body: '1' })));
  assert.ok(all.every(({ status }) => status === 200));
});

test('a token that has ended is renewed once, and the request repeated whole', async () => {
  await fetch(`${server.url}/mcp/shop`, { method: 'POST', body: 'one' });
  server.endTokens();
  const response = await fetch(`${server.url}/mcp/shop`, { method: 'POST', body: 'two' });
  assert.equal(response.status, 200);
  assert.deepEqual(bodies, ['one', 'two']);
});

test('when nonces turned and the token ended at once, it still gets through', async () => {
  await fetch(`${server.url}/mcp/shop`, { method: 'POST', body: 'one' });
  server.turnNonces();
  server.endTokens();
  assert.equal((await fetch(`${server.url}/mcp/shop`, { method: 'POST', body: 'two' })).status, 200);
});

test('a token that is refused even when new is given back as refused, not asked for again and again', async () => {
  await fetch(`${server.url}/mcp/shop`, { method: 'POST', body: 'one' });
  const { length } = server.tokenRequests;
  const original = server.mcp;
  let calls = 0;
  server.mcp = (_request, _body, response) => {
    calls += 1;
    response.writeHead(401, { 'www-authenticate': 'DPoP error="invalid_token", algs="ES256"' }).end();
  };
  assert.equal((await fetch(`${server.url}/mcp/shop`, { method: 'POST', body: 'two' })).status, 401);
  assert.equal(calls, 2);
  assert.equal(server.tokenRequests.length, length + 1);
  server.mcp = original;
});

test('a refusal by policy is given back at once', async () => {
  server.mcp = (_request, _body, response) => void response.writeHead(403).end('no');
  const response = await fetch(`${server.url}/mcp/shop`, { method: 'POST', body: '1' });
  assert.equal(response.status, 403);
  assert.equal(await response.text(), 'no');
});

test('a stream, a Request and bytes are sent again whole after a challenge', async () => {
  const stream = new ReadableStream({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode('streamed'));
      controller.close();
    },
  });
  await fetch(`${server.url}/mcp/a`, { method: 'POST', body: stream });
  server.turnNonces();
  await fetch(new Request(`${server.url}/mcp/a`, { method: 'POST', body: 'a request', headers: { 'x-own': 'own' } }));
  server.turnNonces();
  await fetch(`${server.url}/mcp/a`, { method: 'POST', body: new TextEncoder().encode('bytes') });
  server.turnNonces();
  await fetch(`${server.url}/mcp/a`, { method: 'POST', body: Readable.from(['from ', 'node']) as unknown as ReadableStream });
  assert.deepEqual(bodies, ['streamed', 'a request', 'bytes', 'from node']);
});

test('an answer is a stream: the first part is there before the last is written', async () => {
  let finish = (): void => undefined;
  server.mcp = (_request, _body, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: first\n\n');
    finish = () => void response.end('data: last\n\n');
  };
  const response = await fetch(`${server.url}/mcp/shop`, { method: 'POST', body: '1' });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  assert.match((await reader.read()).value ?? '', /first/);
  finish();
  assert.match((await reader.read()).value ?? '', /last/);
});

test('the signal of the caller ends the request', async () => {
  server.mcp = () => undefined;
  const stop = new AbortController();
  const underway = fetch(`${server.url}/mcp/shop`, { method: 'POST', body: '1', signal: stop.signal });
  setTimeout(() => stop.abort(), 50);
  await assert.rejects(underway, { name: 'AbortError' });
});

test('attack: no token goes to another address, however it is spelled', async () => {
  const { host } = new URL(server.url);
  const elsewhere = [
    'http://evil.example/v1',
    `http://127.0.0.1.evil.example/v1/agents`,
    `http://x@127.0.0.1:1/v1`,
    `${server.url}/v1x`,
    `${server.url}/mcp`,
    `${server.url}/mcp/`,
    `${server.url}/token`,
    `${server.url}/v1/../token`,
    `${server.url}/v1/%2e%2e/token`,
    `https://${host}/v1`,
  ];
  for (const address of elsewhere) {
    await assert.rejects(
      fetch(address),
      (thrown) => thrown instanceof SuretyError && thrown.code === 'local.address_refused',
      address,
    );
  }
  assert.deepEqual(server.seen, []);
});

test('documents that are open to everybody are fetched without token or proof', async () => {
  const response = await fetch(`${server.url}/.well-known/oauth-authorization-server`);
  assert.equal(response.status, 200);
  assert.deepEqual(server.seen, ['GET /.well-known/oauth-authorization-server']);
});

test('attack: a redirect is an error, so neither token nor proof travels on', async () => {
  server.mcp = (_request, _body, response) => void response.writeHead(307, { location: 'http://127.0.0.1:9/steal' }).end();
  await assert.rejects(fetch(`${server.url}/mcp/shop`, { method: 'POST', body: '1' }));
  await assert.rejects(fetch(`${server.url}/mcp/shop`, { method: 'POST', body: '1', redirect: 'follow' }));
  const seen = await fetch(`${server.url}/mcp/shop`, { method: 'POST', body: '1', redirect: 'manual' });
  assert.equal(seen.status, 307);
});

test('attack: an Authorization header of the caller does not replace ours', async () => {
  const response = await fetch(`${server.url}/mcp/shop`, {
    method: 'POST',
    headers: { authorization: 'Bearer stolen', dpop: 'x' },
    body: '1',
  });
  assert.equal(response.status, 200);
});
