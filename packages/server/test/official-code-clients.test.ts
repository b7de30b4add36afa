import assert from 'node:assert/strict';
import { exportPrivateKey } from '@surety/proof/jwk';
import { type CryptoKey, decodeJwt, importJWK } from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { afterAll, beforeAll, test } from 'vitest';
import { addIssuer } from '#federation/add-issuer';
import { addMatch } from '#federation/add-match';
import { openDocumentHost } from '#federation/testing/document-host';
import { openPlatform } from '#federation/testing/platform';
import { type Authority, openAuthority } from '#http/testing/authority';
import type { Principal } from '#http/testing/client';
import { setRedirects } from '#issuance/interactive/set-redirects';
import { answerConsent, openConsent } from '#issuance/interactive/testing/ask-person';
import { openEnrolment } from '#registry/open-enrolment';
import { browserOrigin } from '#signin/browser-origin';
import { type Browser, enrolPasskey, openBrowser, signIn } from '#signin/testing/browser';

let authority: Authority;
let agent: Principal;
let browser: Browser;
let resource: string;
const redirect = 'http://127.0.0.1:9876/callback';

beforeAll(async () => {
  authority = await openAuthority();
  await authority.system('crm');
  resource = `${authority.gatewayUrl}/mcp/crm`;
  agent = await authority.agent();
  const house = { db: authority.db, clock: authority.clock };
  await setRedirects(house, authority.admin, { agent: agent.id, redirects: [redirect] });
  const { id } = await authority.human(['owner']);
  browser = openBrowser(browserOrigin(authority.issuer));
  const { code } = await openEnrolment(house, authority.admin, { principal: id, seconds: 900 });
  await signIn(browser, await enrolPasskey(browser, code));
});
afterAll(() => authority.close());

/** The enrolled key of the agent, twice: it authenticates the client and binds its tokens. */
async function keysOf({ key }: Principal) {
  const privateKey = (await importJWK({ ...exportPrivateKey(key), alg: key.alg }, key.alg)) as CryptoKey;
  const publicKey = (await importJWK({ ...key.publicJwk, alg: key.alg }, key.alg, { extractable: true })) as CryptoKey;
  return { privateKey, publicKey };
}

const agreed = async (url: URL) => answerConsent(browser, await openConsent(browser, url.pathname + url.search), 'yes');

test('oauth4webapi: pushed request, consent, code with PKCE and DPoP, refresh', async () => {
  const insecure = { [oauth.allowInsecureRequests]: true };
  const issuer = new URL(authority.issuer);
  const server = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' }),
  );
  const us: oauth.Client = { client_id: agent.id };
  const keys = await keysOf(agent);
  const by = oauth.PrivateKeyJwt({ key: keys.privateKey, kid: agent.key.jkt });
  const DPoP = oauth.DPoP(us, keys);
  const withNonce = async <Result>(
    ask: () => Promise<Response>,
    read: (response: Response) => Promise<Result>,
  ): Promise<Result> => {
    try {
      return await read(await ask());
    } catch (thrown) {
      if (!oauth.isDPoPNonceError(thrown)) throw thrown;
      return read(await ask());
    }
  };
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const asked = new URLSearchParams({
    client_id: agent.id,
    response_type: 'code',
    redirect_uri: redirect,
    resource,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    purpose: 'Be tested by an official client',
  });
  const pushed = await withNonce(
    () => oauth.pushedAuthorizationRequest(server, us, by, asked, { ...insecure, DPoP }),
    (response) => oauth.processPushedAuthorizationResponse(server, us, response),
  );
  const url = new URL(server.authorization_endpoint ?? '');
  url.search = new URLSearchParams({ client_id: agent.id, request_uri: pushed.request_uri }).toString();
  const back = oauth.validateAuthResponse(server, us, await agreed(url), state);
  const tokens = await withNonce(
    () => oauth.authorizationCodeGrantRequest(server, us, by, back, redirect, verifier, { ...insecure, DPoP }),
    (response) => oauth.processAuthorizationCodeResponse(server, us, response),
  );
  assert.equal(tokens.token_type, 'dpop');
  const next = await withNonce(
    () => oauth.refreshTokenGrantRequest(server, us, by, tokens.refresh_token ?? '', { ...insecure, DPoP }),
    (response) => oauth.processRefreshTokenResponse(server, us, response),
  );
  assert.notEqual(next.access_token, tokens.access_token);
  assert.notEqual(next.refresh_token, tokens.refresh_token);
});

test('openid-client: discovery, consent, code with PKCE and DPoP, refresh', async () => {
  const keys = await keysOf(agent);
  const by = client.PrivateKeyJwt({ key: keys.privateKey, kid: agent.key.jkt });
  const config = await client.discovery(new URL(authority.issuer), agent.id, undefined, by, {
    algorithm: 'oauth2',
    execute: [client.allowInsecureRequests],
  });
  const DPoP = client.getDPoPHandle(config, keys);
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirect,
    resource,
    state,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    purpose: 'Be tested by another official client',
  });
  const checks = { pkceCodeVerifier: verifier, expectedState: state };
  const tokens = await client.authorizationCodeGrant(config, await agreed(url), checks, undefined, { DPoP });
  assert.ok(tokens.refresh_token);
  const next = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
  assert.notEqual(next.access_token, tokens.access_token);
});

test('openid-client: pushed request, consent, code, refresh; giving the refresh token back ends all of it', async () => {
  const keys = await keysOf(agent);
  const by = client.PrivateKeyJwt({ key: keys.privateKey, kid: agent.key.jkt });
  const config = await client.discovery(new URL(authority.issuer), agent.id, undefined, by, {
    algorithm: 'oauth2',
    execute: [client.allowInsecureRequests],
  });
  const DPoP = client.getDPoPHandle(config, keys);
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const url = await client.buildAuthorizationUrlWithPAR(
    config,
    {
      redirect_uri: redirect,
      resource,
      state,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    },
    { DPoP },
  );
  assert.deepEqual([...url.searchParams.keys()].sort(), ['client_id', 'request_uri']);
  const checks = { pkceCodeVerifier: verifier, expectedState: state };
  const tokens = await client.authorizationCodeGrant(config, await agreed(url), checks, undefined, { DPoP });
  const next = await client.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, { DPoP });
  const told = await client.tokenIntrospection(config, next.access_token);
  assert.deepEqual([told.active, told['acr']], [true, 'phr']);
  await client.tokenRevocation(config, next.refresh_token ?? '');
  assert.equal((await client.tokenIntrospection(config, next.access_token)).active, false);
});

test('openid-client: a client of a document, that proves itself by nothing but PKCE and the key of its proof', async () => {
  const host = await openDocumentHost();
  try {
    const house = { db: authority.db, clock: authority.clock, issuer: authority.issuer, allowLoopback: true };
    const owner = await authority.human(['owner']);
    const program = await authority.agent();
    const id = `${host.host}program.json`;
    host.documents.set('/program.json', {
      client_id: id,
      redirect_uris: [redirect],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
    });
    await addIssuer(house, authority.admin, {
      name: 'programs',
      kind: 'client-document',
      issuer: host.host,
      keys: { from: 'discovery' },
      isInternal: false,
      receiver: owner.id,
    });
    await authority.settled(addMatch(house, authority.admin, { issuer: 'programs', claims: { sub: id }, agent: program.id }));
    const config = await client.discovery(new URL(authority.issuer), id, undefined, client.None(), {
      algorithm: 'oauth2',
      execute: [client.allowInsecureRequests],
    });
    assert.equal(config.serverMetadata()['client_id_metadata_document_supported'], true);
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
    const verifier = client.randomPKCECodeVerifier();
    const state = client.randomState();
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: redirect,
      resource,
      state,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const checks = { pkceCodeVerifier: verifier, expectedState: state };
    const tokens = await client.authorizationCodeGrant(config, await agreed(url), checks, undefined, { DPoP });
    const next = await client.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, { DPoP });
    assert.equal(decodeJwt(next.access_token)['client_id'], program.id);
  } finally {
    await host.close();
  }
});

test.each(['oauth4webapi', 'openid-client'] as const)(
  '%s: a workload comes with the word of its platform (RFC 7523 §2.1)',
  async (name) => {
    const platform = await openPlatform({ audience: authority.issuer });
    try {
      const house = { db: authority.db, clock: authority.clock, issuer: authority.issuer, allowLoopback: true };
      const one = await authority.agent();
      const sub = `workload-${name}`;
      await addIssuer(house, authority.admin, {
        name: sub,
        kind: 'cloud',
        issuer: platform.issuer,
        keys: { from: 'discovery' },
        isInternal: false,
      });
      await authority.settled(addMatch(house, authority.admin, { issuer: sub, claims: { sub }, agent: one.id }));
      const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
      const parameters = async () => ({ assertion: await platform.assertion({ sub }), resource });
      const issuer = new URL(authority.issuer);
      let token: string;
      if (name === 'openid-client') {
        const execute = [client.allowInsecureRequests];
        const config = await client.discovery(issuer, one.id, undefined, client.None(), { algorithm: 'oauth2', execute });
        const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
        token = (await client.genericGrantRequest(config, jwtBearer, await parameters(), { DPoP })).access_token;
      } else {
        const insecure = { [oauth.allowInsecureRequests]: true };
        const found = await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' });
        const server = await oauth.processDiscoveryResponse(issuer, found);
        const us: oauth.Client = { client_id: one.id };
        const DPoP = oauth.DPoP(us, await oauth.generateKeyPair('ES256'));
        const ask = async () => {
          const asked = await parameters();
          const options = { ...insecure, DPoP };
          const answered = await oauth.genericTokenEndpointRequest(server, us, oauth.None(), jwtBearer, asked, options);
          return oauth.processGenericTokenEndpointResponse(server, us, answered);
        };
        const tokens = await ask().catch((thrown: unknown) => (oauth.isDPoPNonceError(thrown) ? ask() : Promise.reject(thrown)));
        token = tokens.access_token;
      }
      assert.equal(decodeJwt(token)['client_id'], one.id);
    } finally {
      await platform.close();
    }
  },
);
