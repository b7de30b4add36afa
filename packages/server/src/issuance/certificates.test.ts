import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, type X509Certificate } from 'node:crypto';
import { hashAccessToken } from '@surety/proof/dpop';
import { generateSigningKey, type SigningKey } from '@surety/proof/jwk';
import { afterAll, describe, test } from 'vitest';
import { createCertificateReader } from '#authn/client-certificate';
import { addIssuer } from '#federation/add-issuer';
import { addMatch } from '#federation/add-match';
import { removeIssuer } from '#federation/remove-issuer';
import { openAuthority } from '#http/testing/authority';
import { type Answer, openClient, post } from '#http/testing/client';
import { Fault } from '#kernel/fault';
import { moveAgent } from '#registry/move-agent';
import { revokeCredential } from '#registry/revoke-credential';
import { makeCertificate } from '#testing/make-certificate';

const certificateOf = createCertificateReader({ address: '127.0.0.1', header: 'client-cert' });
const authority = await openAuthority({ certificateOf });
const house = { db: authority.db, clock: authority.clock };
const trusting = { ...house, issuer: authority.issuer, allowLoopback: true };
await authority.system('crm');
const crm = `${authority.gatewayUrl}/mcp/crm`;

afterAll(() => authority.close());

const anAuthority = (subject = 'An Authority') => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const own = { subject, key: privateKey };
  return { ...own, certificate: makeCertificate({ subject, publicKey, issuer: own, isAuthority: true }) };
};

const publicOf = ({ publicJwk }: SigningKey): KeyObject => createPublicKey({ key: { ...publicJwk }, format: 'jwk' });

const selfSigned = (key: SigningKey, changes: object = {}): X509Certificate =>
  makeCertificate({ subject: 'Itself', publicKey: publicOf(key), issuer: { subject: 'Itself', key: key.key }, ...changes });

const field = (one: X509Certificate) => `:${one.raw.toString('base64')}:`;

/** A request as a proxy passes it on, that saw this certificate. */
const ask = (
  certificate: X509Certificate | undefined,
  parameters: Readonly<Record<string, string>>,
  { above = [], path = '/token', headers = {} }: { above?: readonly X509Certificate[]; path?: string; headers?: object } = {},
): Promise<Answer> =>
  post(`${authority.issuer}${path}`, new URLSearchParams({ resource: crm, ...parameters }), {
    ...(certificate === undefined ? {} : { 'client-cert': field(certificate) }),
    ...(above.length === 0 ? {} : { 'client-cert-chain': above.map(field).join(', ') }),
    ...headers,
  });

const grant_type = 'client_credentials';
const claimsOf = (token: unknown) =>
  JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
const x5tOf = ({ fingerprint256 }: X509Certificate) =>
  Buffer.from(fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');

/** What the door of a resource says: who comes, or the code of the fault. */
async function come(authorization: string, certificate: X509Certificate | undefined, dpop?: string) {
  const seen = certificate && { x5t: x5tOf(certificate), jkt: 'x'.repeat(43) };
  const head = { method: 'POST', url: crm, audience: crm, authorization, dpop, certificate: seen };
  return authority.nodes[0]!.authenticator.authenticate(head).then(
    ({ principal }) => principal,
    (thrown: unknown) => (thrown instanceof Fault ? thrown.code : 'broke'),
  );
}

describe('a client is known by the key of its certificate (self_signed_tls_client_auth)', () => {
  test('the token is bound to the certificate, and is worth nothing with another, with none, or with a proof', async () => {
    const agent = await authority.agent();
    const certificate = selfSigned(agent.key);
    const { status, body } = await ask(certificate, { grant_type, client_id: agent.id });
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(body['token_type'], 'Bearer');
    const token = String(body['access_token']);
    assert.deepEqual(claimsOf(token)['cnf'], { 'x5t#S256': x5tOf(certificate) });
    assert.equal(claimsOf(token)['instance'], agent.credential);
    assert.equal(await come(`Bearer ${token}`, certificate), agent.id);
    assert.equal(await come(`Bearer ${token}`, selfSigned(agent.key)), 'token.not_bound', 'another certificate of the same key');
    assert.equal(await come(`Bearer ${token}`, undefined), 'token.not_bound');
    const client = openClient(authority.issuer, agent, crm);
    const claims = { htm: 'POST', htu: crm, ath: hashAccessToken(token), jti: randomUUID() };
    const proof = client.proof({ ...claims, nonce: authority.nodes[0]!.authenticator.nonce() }, {}, agent.key);
    assert.equal(await come(`DPoP ${token}`, certificate, proof), 'token.invalid');
    const bound = await client.accessToken();
    assert.equal(await come(`Bearer ${bound}`, certificate), 'token.not_bound', 'a token that is bound by DPoP stays so');
    const known = await ask(certificate, { client_id: agent.id, token }, { path: '/introspect' });
    assert.deepEqual([known.body['active'], known.body['token_type']], [true, 'Bearer']);
    assert.equal((await ask(certificate, { client_id: agent.id, token }, { path: '/revoke' })).status, 200);
    assert.equal(await come(`Bearer ${token}`, certificate), 'token.ended');
  });

  test('one who has a proof too gets a token that is bound to the key of the proof', async () => {
    const agent = await authority.agent();
    const client = openClient(authority.issuer, agent, crm);
    await client.nonce();
    const { body } = await ask(selfSigned(agent.key), { grant_type, client_id: agent.id }, { headers: { dpop: client.proof() } });
    assert.deepEqual([body['token_type'], claimsOf(body['access_token'])['cnf']], ['DPoP', { jkt: client.dpopKey.jkt }]);
  });

  test('whoever is not that client is refused: another key, another’s id, no id, out of date, ended', async () => {
    const [agent, other] = [await authority.agent(), await authority.agent()];
    const past = { from: new Date(Date.now() - 7_200_000), until: new Date(Date.now() - 3_600_000) };
    const future = { from: new Date(Date.now() + 3_600_000), until: new Date(Date.now() + 7_200_000) };
    for (const [certificate, client_id] of [
      [selfSigned(generateSigningKey()), agent.id],
      [selfSigned(agent.key), other.id],
      [selfSigned(agent.key), ''],
      [selfSigned(agent.key), 'agt_00000000000000000000000000'],
      [selfSigned(agent.key, past), agent.id],
      [selfSigned(agent.key, future), agent.id],
      [undefined, agent.id],
    ] as const) {
      const { status, body } = await ask(certificate, { grant_type, client_id });
      assert.ok(['invalid_client', 'invalid_dpop_proof'].includes(String(body['error'])), JSON.stringify([status, body]));
    }
    await authority.settled(revokeCredential(house, authority.admin, { credential: agent.credential }));
    assert.equal((await ask(selfSigned(agent.key), { grant_type, client_id: agent.id })).body['error'], 'invalid_client');
    await authority.settled(moveAgent(house, authority.admin, { agent: other.id, to: 'suspended', reason: 'test' }));
    assert.equal((await ask(selfSigned(other.key), { grant_type, client_id: other.id })).body['error'], 'invalid_grant');
  });

  test('a header that nobody can read is refused, and a certificate with a key of another kind is none', async () => {
    const agent = await authority.agent();
    const form = new URLSearchParams({ grant_type, client_id: agent.id, resource: crm });
    for (const value of ['x', '::', ':AAAA:', `${field(selfSigned(agent.key))}, ${field(selfSigned(agent.key))}`]) {
      const { body } = await post(`${authority.issuer}/token`, form, { 'client-cert': value });
      assert.equal(body['error'], 'invalid_request', value.slice(0, 20));
    }
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const rsa = makeCertificate({ subject: 'R', publicKey, issuer: { subject: 'R', key: privateKey } });
    assert.equal((await ask(rsa, { grant_type, client_id: agent.id })).body['error'], 'invalid_dpop_proof');
  });

  test('the metadata says so', async () => {
    const metadata = (await (await fetch(`${authority.issuer}/.well-known/oauth-authorization-server`)).json()) as Record<
      string,
      unknown
    >;
    assert.equal(metadata['tls_client_certificate_bound_access_tokens'], true);
    for (const method of ['tls_client_auth', 'self_signed_tls_client_auth'])
      assert.ok((metadata['token_endpoint_auth_methods_supported'] as string[]).includes(method));
  });
});

test('the header of anybody but the one proxy says nothing', async () => {
  const strict = await openAuthority({ certificateOf: createCertificateReader({ address: '127.0.0.2', header: 'client-cert' }) });
  try {
    await strict.system('crm');
    const agent = await strict.agent();
    const form = new URLSearchParams({ grant_type, client_id: agent.id, resource: crm });
    const { body } = await post(`${strict.issuer}/token`, form, { 'client-cert': field(selfSigned(agent.key)) });
    assert.equal(body['error'], 'invalid_dpop_proof');
  } finally {
    await strict.close();
  }
});

describe('a client is known by its X.509-SVID (tls_client_auth by a SPIFFE id)', async () => {
  const root = anAuthority();
  const stranger = anAuthority('A Stranger');
  const jwk = { kty: 'EC', use: 'x509-svid', x5c: [root.certificate.raw.toString('base64')] };
  const forTokens = { kty: 'EC', use: 'jwt-svid', x5c: [stranger.certificate.raw.toString('base64')] };
  await addIssuer(trusting, authority.admin, {
    name: 'mesh',
    kind: 'spiffe',
    issuer: 'spiffe://acme.example',
    keys: { from: 'pinned', keys: [jwk, forTokens] },
    isInternal: false,
  });
  let count = 0;
  const aWorkload = async () => {
    const id = `spiffe://acme.example/ns/prod/sa/${++count}`;
    const agent = await authority.agent();
    await authority.settled(addMatch(trusting, authority.admin, { issuer: 'mesh', claims: { sub: id }, agent: agent.id }));
    return { id, agent };
  };
  const svid = (uris: readonly string[], key = generateSigningKey(), changes: object = {}) =>
    makeCertificate({ subject: 'workload', publicKey: publicOf(key), issuer: root, uris, ...changes });

  test('its one id is matched to one agent, by itself or named, and the key of the certificate becomes that of the copy', async () => {
    const { id, agent } = await aWorkload();
    for (const named of [{}, { client_id: id }]) {
      const certificate = svid([id]);
      const { status, body } = await ask(certificate, { grant_type, ...named });
      assert.equal(status, 200, JSON.stringify(body));
      assert.equal(claimsOf(body['access_token'])['client_id'], agent.id);
      assert.equal(await come(`Bearer ${String(body['access_token'])}`, certificate), agent.id);
    }
    assert.equal(await authority.count('instance.admitted', agent.id), 2);
  });

  test('an authority in between may sign for it', async () => {
    const { id } = await aWorkload();
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const between = { subject: 'Between', key: pair.privateKey };
    const middle = (changes: object) =>
      makeCertificate({ subject: between.subject, publicKey: pair.publicKey, issuer: root, isAuthority: true, ...changes });
    const leaf = svid([id], generateSigningKey(), { issuer: between });
    assert.equal((await ask(leaf, { grant_type }, { above: [middle({})] })).status, 200);
    for (const changes of [
      { isAuthority: false },
      { limitsNames: true },
      { issuer: stranger },
      { until: new Date(Date.now() - 1_000) },
    ]) {
      const { body } = await ask(
        svid([id], generateSigningKey(), { issuer: between }),
        { grant_type },
        { above: [middle(changes)] },
      );
      assert.equal(body['error'], 'invalid_client', JSON.stringify(changes));
    }
    const alone = svid([id], generateSigningKey(), { issuer: between });
    assert.equal((await ask(alone, { grant_type })).body['error'], 'invalid_client');
  });

  test.for<[string, (id: string) => X509Certificate]>([
    ['signed by a stranger', (id) => svid([id], undefined, { issuer: stranger })],
    [
      'signed by a stranger under the name of the authority',
      (id) => svid([id], undefined, { issuer: { ...stranger, subject: root.subject } }),
    ],
    [
      'signed by itself',
      (id) => {
        const key = generateSigningKey();
        return svid([id], key, { issuer: { subject: 'workload', key: key.key } });
      },
    ],
    ['an authority itself', (id) => svid([id], undefined, { isAuthority: true })],
    ['out of date', (id) => svid([id], undefined, { until: new Date(Date.now() - 1_000) })],
    ['not valid yet', (id) => svid([id], undefined, { from: new Date(Date.now() + 600_000) })],
    ['living too long', (id) => svid([id], undefined, { until: new Date(Date.now() + 30 * 86_400_000) })],
    ['for servers alone', (id) => svid([id], undefined, { purposes: ['1.3.6.1.5.5.7.3.1'] })],
    ['with two ids', (id) => svid([id, 'spiffe://acme.example/other'])],
    ['with no id', () => svid([])],
    ['with the id as a host', (id) => svid([], undefined, { hosts: [id] })],
    ['with the id smuggled into a host', (id) => svid([], undefined, { hosts: [`a, URI:${id}`] })],
    ['with a longer id', (id) => svid([`${id}/x`])],
    ['with an id in other letters', (id) => svid([id.replace('/sa/', '/SA/')])],
    ['of another trust domain', (id) => svid([id.replace('acme', 'evil')])],
    ['of the trust domain alone', () => svid(['spiffe://acme.example'])],
  ])('%s: refused', async ([, make]) => {
    const { id } = await aWorkload();
    const { status, body } = await ask(make(id), { grant_type });
    assert.deepEqual([status, body['error']], [401, 'invalid_client'], JSON.stringify(body));
  });

  test('a key of one copy is not another’s, and the end of the trust ends what came by it', async () => {
    const [one, other] = [await aWorkload(), await aWorkload()];
    const key = generateSigningKey();
    const certificate = svid([one.id], key);
    const { body } = await ask(certificate, { grant_type });
    assert.equal((await ask(svid([other.id], key), { grant_type })).body['code'], 'instance.key_reused');
    await authority.settled(removeIssuer(house, authority.admin, { issuer: 'mesh' }));
    assert.equal(await come(`Bearer ${String(body['access_token'])}`, certificate), 'token.ended');
    assert.equal((await ask(svid([one.id]), { grant_type })).body['error'], 'invalid_client');
  });
});
