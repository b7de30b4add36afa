import assert from 'node:assert/strict';
import { exportPrivateKey, generateSigningKey } from '@surety/proof/jwk';
import { type CryptoKey, importJWK } from 'jose';
import * as oauth from 'oauth4webapi';
import { afterAll, describe, test } from 'vitest';
import { openAuthority } from '#http/testing/authority';
import { answerOf, openClient } from '#http/testing/client';
import { moveAgent } from '#registry/move-agent';
import { openRegistration } from '#registry/open-registration';
import { changeHuman } from '#registry/change-human';

const authority = await openAuthority({ registersClients: true });
const house = { db: authority.db, clock: authority.clock };
await authority.system('crm');
const crm = `${authority.gatewayUrl}/mcp/crm`;
const owner = await authority.human(['owner']);
const insecure = { [oauth.allowInsecureRequests]: true };

afterAll(() => authority.close());

const aToken = async (seconds = 900) => (await openRegistration(house, authority.admin, { owner: owner.id, seconds })).token;

const register = async (token: string | undefined, metadata: unknown, more: Readonly<Record<string, string>> = {}) =>
  answerOf(
    await fetch(`${authority.issuer}/register`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...more,
      },
      body: typeof metadata === 'string' ? metadata : JSON.stringify(metadata),
    }),
  );

const described = (changes: object = {}) => ({
  client_name: 'A Self-made Agent',
  redirect_uris: ['http://127.0.0.1/callback'],
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: { keys: [generateSigningKey().publicJwk] },
  ...changes,
});

const drafts = async () => (await authority.db.query("select id from agent where display_name = 'A Self-made Agent'")).rowCount;

describe('a client registers itself', () => {
  test('oauth4webapi: found in the metadata; a draft of who the token names, which gets a token when it was started, not before', async () => {
    const issuer = new URL(authority.issuer);
    const found = await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' });
    const server = await oauth.processDiscoveryResponse(issuer, found);
    assert.equal(server.registration_endpoint, `${authority.issuer}/register`);
    const key = generateSigningKey();
    const response = await oauth.dynamicClientRegistrationRequest(
      server,
      described({ jwks: { keys: [{ ...key.publicJwk, kid: 'mine' }] } }) as Partial<oauth.Client>,
      { ...insecure, initialAccessToken: await aToken() },
    );
    const made = await oauth.processDynamicClientRegistrationResponse(response);
    assert.match(made.client_id, /^agt_/);
    assert.equal(made['registration_client_uri'], undefined);
    assert.equal(made['client_secret'], undefined);
    const { rows } = await authority.db.query<{ state: string; owner: string; autonomy: string }>(
      'select state, owner, autonomy from agent where id = $1',
      [made.client_id],
    );
    assert.deepEqual(rows, [{ state: 'draft', owner: owner.id, autonomy: 'observe' }]);
    const client = openClient(authority.issuer, { id: made.client_id, owner: owner.id, credential: '', key }, crm);
    assert.equal((await client.token()).body['error'], 'invalid_grant');
    await authority.settled(moveAgent(house, owner.id, { agent: made.client_id, to: 'active', reason: 'known' }));
    const privateKey = (await importJWK({ ...exportPrivateKey(key), alg: key.alg }, key.alg)) as CryptoKey;
    const publicKey = (await importJWK({ ...key.publicJwk, alg: key.alg }, key.alg, { extractable: true })) as CryptoKey;
    const us: oauth.Client = { client_id: made.client_id };
    const DPoP = oauth.DPoP(us, { privateKey, publicKey });
    const by = oauth.PrivateKeyJwt({ key: privateKey, kid: key.jkt });
    const ask = async () => {
      const parameters = new URLSearchParams({ resource: crm });
      const answered = await oauth.clientCredentialsGrantRequest(server, us, by, parameters, { ...insecure, DPoP });
      return oauth.processClientCredentialsResponse(server, us, answered);
    };
    const tokens = await ask().catch((thrown: unknown) => {
      if (!oauth.isDPoPNonceError(thrown)) throw thrown;
      return ask();
    });
    assert.equal(tokens.token_type, 'dpop');
    assert.equal(await authority.count('registration.used', made.client_id), 1);
  });

  test('a token works once, also for many at once; shown with what is refused it stays good', async () => {
    const [token, before] = [await aToken(), await drafts()];
    const refused = await register(token, described({ token_endpoint_auth_method: 'client_secret_basic' }));
    assert.equal(refused.body['error'], 'invalid_client_metadata');
    const answers = await Promise.all(Array.from({ length: 6 }, () => register(token, described())));
    assert.deepEqual(
      answers.map(({ status }) => status).sort((one, next) => one - next),
      [201, 401, 401, 401, 401, 401],
    );
    assert.equal(await drafts(), before + 1);
  });

  test.for([
    ['none', undefined],
    ['a made-up one', '0123456789abcdefghjkmnpqrs'],
    ['the code of an enrolment', 'enrolment'],
    ['one that has expired', 'expired'],
  ] as const)('without a token nobody is registered: %s', async ([, kind]) => {
    const before = await drafts();
    let token: string | undefined = kind;
    if (kind === 'expired') {
      token = await aToken(60);
      authority.clock.moveMs += 61_000;
    }
    const { status, headers, body } = await register(token, described());
    assert.deepEqual([status, body['error']], [401, 'invalid_token']);
    assert.match(headers.get('www-authenticate') ?? '', /^Bearer error="invalid_token"/);
    assert.equal(await drafts(), before);
  });

  const pair = generateSigningKey();
  test.for<[string, object, string]>([
    ['a shared secret', { client_secret: 'x' }, 'invalid_client_metadata'],
    ['a way to authenticate that is not said', { token_endpoint_auth_method: undefined }, 'invalid_client_metadata'],
    ['no authentication', { token_endpoint_auth_method: 'none' }, 'invalid_client_metadata'],
    ['no keys', { jwks: { keys: [] } }, 'invalid_client_metadata'],
    ['keys as a bare list', { jwks: [pair.publicJwk] }, 'invalid_client_metadata'],
    ['a private key', { jwks: { keys: [exportPrivateKey(pair)] } }, 'invalid_client_metadata'],
    ['a symmetric key', { jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }, 'invalid_client_metadata'],
    ['an encryption key', { jwks: { keys: [{ ...pair.publicJwk, use: 'enc' }] } }, 'invalid_client_metadata'],
    ['keys to be fetched', { jwks_uri: 'https://169.254.169.254/keys' }, 'invalid_client_metadata'],
    ['a software statement', { software_statement: 'e30.e30.AA' }, 'invalid_client_metadata'],
    ['a grant that is not offered', { grant_types: ['password'] }, 'invalid_client_metadata'],
    ['a redirect that runs something', { redirect_uris: ['javascript:alert(1)'] }, 'invalid_redirect_uri'],
    ['a redirect in the clear', { redirect_uris: ['http://app.example/callback'] }, 'invalid_redirect_uri'],
  ])('%s is refused, and leaves nothing behind', async ([, changes, error]) => {
    const before = await drafts();
    const { status, body } = await register(await aToken(), described(changes));
    assert.deepEqual([status, body['error']], [400, error], JSON.stringify(body));
    assert.equal(await drafts(), before);
  });

  test('a key that anybody has is nobody else’s; a body that is no JSON, or too long, is refused', async () => {
    const { key } = await authority.agent();
    const taken = await register(await aToken(), described({ jwks: { keys: [key.publicJwk] } }));
    assert.equal(taken.body['error'], 'invalid_client_metadata');
    for (const body of ['{', '{"a":1,"a":2}', '[]', `{"client_name":"${'x'.repeat(20_000)}"}`])
      assert.ok((await register(await aToken(), body)).status >= 400);
  });

  test('a token whose owner has left meanwhile registers nobody', async () => {
    const gone = await authority.human(['owner']);
    const { token } = await openRegistration(house, authority.admin, { owner: gone.id, seconds: 900 });
    await authority.settled(changeHuman(house, authority.admin, { human: gone.id, state: 'left' }));
    assert.ok((await register(token, described())).status >= 400);
  });
});

test('it is off unless it is switched on: no address, and not in the metadata', async () => {
  const other = await openAuthority();
  try {
    assert.equal((await fetch(`${other.issuer}/register`, { method: 'POST' })).status, 404);
    const metadata = (await (await fetch(`${other.issuer}/.well-known/oauth-authorization-server`)).json()) as object;
    assert.equal('registration_endpoint' in metadata, false);
  } finally {
    await other.close();
  }
});
