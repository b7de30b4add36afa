import assert from 'node:assert/strict';
import { type OAuthClientProvider } from '@modelcontextprotocol/client';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { beforeEach, test } from 'vitest';
import { createSigningKey, type SigningKey, signClaims } from '../src/agent-key.ts';
import { discoverIssuer } from '../src/discover-issuer.ts';
import { type IdJagRequest, requestIdJag } from '../src/id-jag.ts';
import { McpAssertion } from '../src/mcp-assertion.ts';
import { McpSignIn } from '../src/mcp-sign-in.ts';
import { SuretyError } from '../src/surety-error.ts';

const issuer = 'https://id.example';
let key: SigningKey;

beforeEach(async () => {
  key = await createSigningKey();
});

const refusedWith = (code: string) => (thrown: unknown) => thrown instanceof SuretyError && thrown.code === code;

function signIn(open: (address: URL) => Promise<URLSearchParams>): McpSignIn {
  return new McpSignIn({ redirectUrl: 'http://127.0.0.1:1/back', open, clientMetadataUrl: 'https://agents.example/one.json' });
}

test('the providers are what the official client takes', () => {
  const taken: readonly OAuthClientProvider[] = [
    signIn(async () => new URLSearchParams()),
    new McpAssertion({ issuer, clientId: 'one', assertion: () => 'jwt' }),
  ];
  assert.equal(taken.length, 2);
});

test('attack: an answer to a question that was not asked is refused, and so is one that comes twice', async () => {
  const mine = signIn(async (address) => new URLSearchParams({ code: 'c', state: address.searchParams.get('state') ?? '' }));
  const address = new URL(`${issuer}/authorize?state=${mine.state()}`);
  mine.saveCodeVerifier('v');
  mine.redirectToAuthorization(address);
  assert.equal((await mine.answer())?.get('code'), 'c');
  assert.equal(mine.codeVerifier(), 'v');
  assert.equal(await mine.answer(), undefined);
  const tricked = signIn(async () => new URLSearchParams({ code: 'c', state: 'of-somebody-else' }));
  tricked.state();
  tricked.redirectToAuthorization(address);
  await assert.rejects(tricked.answer(), refusedWith('local.sign_in_failed'));
});

test('a shared secret that a server hands out is dropped, and nothing of one issuer is for another', () => {
  const provider = signIn(async () => new URLSearchParams());
  const registered = { client_id: 'one', client_secret: 'canary' };
  provider.saveClientInformation(registered, { issuer });
  assert.deepEqual(provider.clientInformation({ issuer }), { client_id: 'one', issuer });
  assert.equal(provider.clientInformation({ issuer: 'https://evil.example' }), undefined);
  provider.saveTokens({ access_token: 't', token_type: 'DPoP' }, { issuer });
  assert.equal(provider.tokens({ issuer: 'https://evil.example' }), undefined);
  assert.equal(provider.tokens()?.access_token, 't');
});

test('attack: a server that is never content asks a person twice, not for ever', async () => {
  let asked = 0;
  const provider = signIn(async (address) => {
    asked += 1;
    return new URLSearchParams({ code: 'c', state: address.searchParams.get('state') ?? '' });
  });
  const act = async (): Promise<never> => {
    provider.redirectToAuthorization(new URL(`${issuer}/authorize?state=${provider.state()}`));
    throw new Error('403');
  };
  await assert.rejects(
    provider.during(act, async () => undefined),
    refusedWith('local.sign_in_failed'),
  );
  assert.equal(asked, 2);
});

test('an assertion that was refused is not sent again, and a later one is a new one', async () => {
  let made = 0;
  const provider = new McpAssertion({ issuer, clientId: 'one', assertion: ({ scope }) => `jwt-${(made += 1)}-${scope}` });
  assert.equal((await provider.prepareTokenRequest('read')).get('assertion'), 'jwt-1-read');
  provider.invalidateCredentials();
  await assert.rejects(provider.prepareTokenRequest('read'), refusedWith('local.assertion_refused'));
  assert.equal((await provider.prepareTokenRequest('read')).get('assertion'), 'jwt-2-read');
});

test('with a key the client says itself who it is, to this issuer alone', async () => {
  const provider = new McpAssertion({ issuer, clientId: 'one', assertion: () => 'jwt', key });
  const params = new URLSearchParams();
  await provider.addClientAuthentication(new Headers(), params, `${issuer}/token`);
  const { iss, sub, aud } = decodeJwt(params.get('client_assertion') ?? '');
  assert.deepEqual([iss, sub, aud], ['one', 'one', issuer]);
});

/** An identity provider that answers with what it is told to. */
function identityProvider(answer: object, document: object = { issuer, token_endpoint: `${issuer}/token` }) {
  const sent: { form: URLSearchParams; proof: string | null }[] = [];
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    if (!request.url.endsWith('/token')) return Response.json(document);
    sent.push({ form: new URLSearchParams(await request.text()), proof: request.headers.get('dpop') });
    return Response.json(answer);
  };
  return { sent, fetch };
}

const asked = (more: Partial<IdJagRequest>): IdJagRequest => ({
  identityProvider: issuer,
  clientId: 'agent',
  subjectToken: 'id-token',
  audience: 'https://as.example',
  resource: 'https://mcp.example/mcp',
  ...more,
});
const given = async (claims: object, typ = 'oauth-id-jag+jwt') => ({
  access_token: await signClaims(key, { typ }, claims),
  issued_token_type: 'urn:ietf:params:oauth:token-type:id-jag',
  token_type: 'N_A',
});

test('an ID-JAG is asked for with the key, for one audience, and taken when it is bound to that key', async () => {
  const answer = await given({ aud: 'https://as.example', cnf: { jkt: key.jkt } });
  const { sent, fetch } = identityProvider(answer);
  assert.equal(await requestIdJag(asked({ key, fetch })), answer.access_token);
  const [{ form, proof } = { form: new URLSearchParams(), proof: '' }] = sent;
  assert.equal(form.get('audience'), 'https://as.example');
  assert.equal(form.get('requested_token_type'), 'urn:ietf:params:oauth:token-type:id-jag');
  assert.equal(decodeProtectedHeader(proof ?? '').typ, 'dpop+jwt');
});

test('attack: what is no ID-JAG, or is for somebody else, or is bound to no key, is not sent on', async () => {
  const aud = 'https://as.example';
  const others = [
    await given({ aud, cnf: { jkt: key.jkt } }, 'JWT'),
    await given({ aud: 'https://evil.example', cnf: { jkt: key.jkt } }),
    await given({ aud: [aud, 'https://evil.example'], cnf: { jkt: key.jkt } }),
    await given({ aud }),
    { ...(await given({ aud, cnf: { jkt: key.jkt } })), issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' },
    { access_token: 'opaque', issued_token_type: 'urn:ietf:params:oauth:token-type:id-jag' },
    {},
  ];
  for (const answer of others)
    await assert.rejects(
      requestIdJag(asked({ key, fetch: identityProvider(answer).fetch })),
      refusedWith('local.unexpected_answer'),
    );
});

test('attack: metadata by another issuer is not taken, also when it differs by a slash only', async () => {
  for (const named of [`${issuer}/`, 'https://ID.example', 'https://evil.example', undefined]) {
    const { fetch } = identityProvider({}, { issuer: named, token_endpoint: `${issuer}/token` });
    await assert.rejects(discoverIssuer(issuer, fetch), refusedWith('local.unexpected_answer'), String(named));
  }
});
