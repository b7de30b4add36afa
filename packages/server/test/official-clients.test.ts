import assert from 'node:assert/strict';
import {
  applyMiddlewares,
  auth,
  DpopSession,
  generateDpopKeyPair,
  PrivateKeyJwtProvider,
  withDpop,
} from '@modelcontextprotocol/client';
import { exportPrivateKey } from '@surety/proof/jwk';
import { calculateJwkThumbprint, type CryptoKey, exportJWK, importJWK } from 'jose';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, test } from 'vitest';
import { type Authority, openAuthority } from '#http/testing/authority';
import type { Principal } from '#http/testing/client';

let authority: Authority;
let agent: Principal;
let resource: string;

beforeAll(async () => {
  authority = await openAuthority();
  await authority.system('crm');
  agent = await authority.agent();
  resource = `${authority.issuer}/v1`;
});
afterAll(() => authority.close());

const keyOf = async ({ key }: Principal) => (await importJWK({ ...exportPrivateKey(key), alg: key.alg }, key.alg)) as CryptoKey;

test('the official client of the Model Context Protocol discovers us, gets a token with its DPoP session, and is answered', async () => {
  const session = await DpopSession.create({ keyPair: await generateDpopKeyPair() });
  class Provider extends PrivateKeyJwtProvider {
    dpop() {
      return session;
    }
  }
  const provider = new Provider({
    clientId: agent.id,
    privateKey: { ...exportPrivateKey(agent.key) },
    algorithm: 'ES256',
    expectedIssuer: authority.issuer,
  });
  assert.equal(await auth(provider, { serverUrl: resource }), 'AUTHORIZED');
  const tokens = provider.tokens();
  assert.equal(tokens?.token_type, 'DPoP');
  const request = applyMiddlewares(withDpop(session, () => tokens?.access_token))(fetch);
  for (let round = 0; round < 3; round++) {
    const response = await request(`${authority.issuer}/v1/whoami`);
    assert.equal(response.status, 200);
    assert.equal(((await response.json()) as { principal: string }).principal, agent.id);
  }
});

const insecure = { [oauth.allowInsecureRequests]: true };

/** What a program with oauth4webapi holds: the metadata it discovered, its way to authenticate, and its DPoP key. */
async function openProgram() {
  const issuer = new URL(authority.issuer);
  const server = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' }),
  );
  const client: oauth.Client = { client_id: agent.id };
  const keys = await oauth.generateKeyPair('ES256');
  const dpop = oauth.DPoP({}, keys);
  const authentication = oauth.PrivateKeyJwt({ key: await keyOf(agent), kid: agent.key.jkt });
  const ask = async (audience: string, by = authentication) => {
    const response = await oauth.clientCredentialsGrantRequest(
      server,
      client,
      by,
      { resource: audience },
      { ...insecure, DPoP: dpop },
    );
    return oauth.processClientCredentialsResponse(server, client, response);
  };
  return {
    server,
    client,
    keys,
    dpop,
    authentication,
    token: (audience: string, by = authentication) => withNonce(() => ask(audience, by)),
  };
}

/** Once more when the nonce was asked for: then it is known. */
async function withNonce<Result>(work: () => Promise<Result>): Promise<Result> {
  return work().catch((thrown: unknown) => (oauth.isDPoPNonceError(thrown) ? work() : Promise.reject(thrown)));
}

test('oauth4webapi discovers us, authenticates with private_key_jwt, answers the nonce, and asks our API', async () => {
  const { dpop, token } = await openProgram();
  const granted = await token(resource);
  assert.equal(granted.token_type, 'dpop');
  assert.equal(granted.expires_in, 300);
  const address = new URL(`${resource}/whoami`);
  const call = () =>
    oauth.protectedResourceRequest(granted.access_token, 'GET', address, undefined, undefined, { ...insecure, DPoP: dpop });
  const response = await withNonce(call);
  assert.equal(((await response.json()) as { principal: string }).principal, agent.id);
});

test('oauth4webapi introspects and revokes its token', async () => {
  const { server, client, authentication, token } = await openProgram();
  const { access_token: held } = await token(`${authority.gatewayUrl}/mcp/crm`);
  const introspect = async () =>
    oauth.processIntrospectionResponse(
      server,
      client,
      await oauth.introspectionRequest(server, client, authentication, held, insecure),
    );
  const said = await introspect();
  assert.equal(said.active, true);
  assert.equal(said.sub, agent.id);
  await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, authentication, held, insecure));
  await authority.settled(Promise.resolve());
  assert.deepEqual(await introspect(), { active: false });
});

test('oauth4webapi, as a resource server would, accepts our tokens and their proofs by the published keys', async () => {
  const { server, keys, dpop, token } = await openProgram();
  const audience = `${authority.gatewayUrl}/mcp/crm`;
  const { access_token: held } = await token(audience);
  let request: Request | undefined;
  await oauth.protectedResourceRequest(held, 'POST', new URL(audience), undefined, undefined, {
    ...insecure,
    DPoP: dpop,
    [oauth.customFetch]: async (url, init) => {
      request = new Request(url, init as RequestInit);
      return new Response('{}');
    },
  });
  assert.ok(request);
  const claims = await oauth.validateJwtAccessToken(server, request, audience, insecure);
  assert.equal(claims.sub, agent.id);
  assert.equal(claims.cnf?.jkt, await calculateJwkThumbprint(await exportJWK(keys.publicKey)));
});

test('an assertion that oauth4webapi addresses to somebody else as well is refused', async () => {
  const { token } = await openProgram();
  const toTwo = oauth.PrivateKeyJwt(await keyOf(agent), {
    [oauth.modifyAssertion]: (_header, payload) => void (payload['aud'] = [authority.issuer, 'https://other.example']),
  });
  await assert.rejects(token(resource, toTwo), { error: 'invalid_client' });
});
