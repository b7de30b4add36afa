import assert from 'node:assert/strict';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { afterAll, beforeAll, test } from 'vitest';
import type { ByHand } from './by-hand.ts';
import { makeKey } from './forge.ts';
import { openRig, type Rig } from './rig.ts';
import { selfMade, serverCertificate, tlsFetch } from './tls-client.ts';

let rig: Rig;
let agent: ByHand;
let mtls: string;
let ca: string;
let payments: string;

beforeAll(async () => {
  const files = await serverCertificate();
  ca = files.ca;
  rig = await openRig({
    env: { SURETY_MTLS_PORT: '0', SURETY_MTLS_CERT_FILE: files.certFile, SURETY_MTLS_KEY_FILE: files.keyFile },
  });
  mtls = rig.running.mtlsUrl ?? '';
  payments = `${rig.place.gateway}/mcp/payments`;
  agent = await rig.hire('certified');
});
afterAll(async () => {
  await rig?.checkLog();
  await rig?.close();
});

const envelope = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} };

/** A call through the gateway, at whatever address and over whatever connection. */
async function call(at: string, fetch: typeof globalThis.fetch, authorization: string, more: object = {}) {
  const name = 'refund';
  const params = { name, arguments: { order: '1', amount: 1 }, _meta: envelope };
  const response = await fetch(`${at}/mcp/payments`, {
    method: 'POST',
    headers: {
      authorization,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': name,
      ...more,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
  });
  return { status: response.status, text: await response.text() };
}

async function discover(fetch: typeof globalThis.fetch) {
  const issuer = new URL(rig.place.issuer);
  const insecure = { [oauth.allowInsecureRequests]: true, [oauth.customFetch]: fetch as never };
  const found = await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' });
  return { server: await oauth.processDiscoveryResponse(issuer, found), insecure };
}

test('oauth4webapi: a token by the certificate of the connection, told, used for a call, and ended; nowhere else is it worth anything', async () => {
  const pair = selfMade(agent.key);
  const secure = tlsFetch(ca, pair);
  const { server, insecure } = await discover(secure);
  assert.equal(server.mtls_endpoint_aliases?.token_endpoint, `${mtls}/token`);
  const client: oauth.Client = { client_id: agent.id, use_mtls_endpoint_aliases: true };
  const by = oauth.TlsClientAuth();
  const answered = await oauth.clientCredentialsGrantRequest(server, client, by, { resource: payments }, insecure);
  const { access_token: token, token_type } = await oauth.processClientCredentialsResponse(server, client, answered);
  assert.equal(token_type, 'bearer');
  const told = await oauth.processIntrospectionResponse(
    server,
    client,
    await oauth.introspectionRequest(server, client, by, token, insecure),
  );
  assert.equal(told.active, true);
  assert.equal(typeof (told.cnf as Record<string, unknown> | undefined)?.['x5t#S256'], 'string');

  const before = rig.payments.executed.length;
  const done = await call(mtls, secure, `Bearer ${token}`);
  assert.equal(done.status, 200, done.text);
  assert.equal(rig.payments.executed.length, before + 1);

  const stolen = [
    await call(mtls, tlsFetch(ca), `Bearer ${token}`),
    await call(mtls, tlsFetch(ca, selfMade(await makeKey())), `Bearer ${token}`),
    await call(mtls, tlsFetch(ca, selfMade(agent.key)), `Bearer ${token}`),
    await call(rig.place.gateway, fetch, `Bearer ${token}`),
    await call(mtls, secure, `DPoP ${token}`, {
      dpop: await agent.proof({ method: 'POST', url: payments, token }),
    }),
    await call(mtls, secure, `Bearer ${await agent.token(payments)}`),
    await call(rig.place.gateway, fetch, `Bearer ${token}`, { 'client-cert': `:${pair.certificate.raw.toString('base64')}:` }),
  ];
  assert.deepEqual(
    stolen.map(({ status }) => status),
    stolen.map(() => 401),
  );
  assert.equal(rig.payments.executed.length, before + 1);

  await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, by, token, insecure));
  assert.equal((await call(mtls, secure, `Bearer ${token}`)).status, 401);
});

test('openid-client: the same through its own choice of the aliases; a browser that asks there gets nothing', async () => {
  const secure = tlsFetch(ca, selfMade(agent.key));
  const config = await openid.discovery(
    new URL(rig.place.issuer),
    agent.id,
    { use_mtls_endpoint_aliases: true },
    openid.TlsClientAuth(),
    { algorithm: 'oauth2', execute: [openid.allowInsecureRequests], [openid.customFetch]: secure as never },
  );
  const { access_token: token } = await openid.clientCredentialsGrant(config, { resource: payments });
  assert.equal((await openid.tokenIntrospection(config, token)).active, true);
  assert.equal((await call(mtls, secure, `Bearer ${token}`)).status, 200);
  assert.equal((await call(mtls, secure, `Bearer ${token}`, { origin: 'https://evil.example' })).status, 403);
  for (const path of ['/', '/authorize', '/signin', '/v1/whoami', '/register'])
    assert.equal((await secure(`${mtls}${path}`)).status, 404, path);
  await openid.tokenRevocation(config, token);
  assert.equal((await openid.tokenIntrospection(config, token)).active, false);
});

test('who shows no certificate there gets a token by assertion and proof as everywhere, and nothing without', async () => {
  const bare = tlsFetch(ca);
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: agent.id, resource: payments });
  const answer = await bare(`${mtls}/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  });
  assert.equal(answer.status, 400);
  assert.equal(((await answer.json()) as { error: string }).error, 'invalid_dpop_proof');
});
