import assert from 'node:assert/strict';
import { exportPrivateKey } from '@surety/proof/jwk';
import { type CryptoKey, importJWK } from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { afterAll, beforeAll, test } from 'vitest';
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
