import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { exportPrivateKey, generateSigningKey } from '@surety/proof/jwk';
import { afterAll, beforeAll, test } from 'vitest';
import { type Authority, openAuthority } from '#http/testing/authority';
import { type Answer, assertionType, type Client, openClient, post, type Principal } from '#http/testing/client';
import { speak } from '#http/testing/speak';
import { refusesToken } from './testing/refuses-token.ts';

let authority: Authority;
let agent: Principal;
let client: Client;
let resource: string;

beforeAll(async () => {
  authority = await openAuthority();
  await authority.system('crm');
  agent = await authority.agent();
  resource = `${authority.gatewayUrl}/mcp/crm`;
  client = openClient(authority.issuer, agent, resource);
  await client.nonce();
});
afterAll(() => authority.close());

const url = () => `${authority.issuer}/token`;
/** The beginning of a token request, byte by byte. */
const head =
  'POST /token HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-www-form-urlencoded\r\nconnection: close\r\n';

const refuses = (answer: Promise<Answer>, status: number, error: string) =>
  refusesToken(authority, agent.id, answer, { status, error });

const forged = () => {
  const [header = '', payload = ''] = client.assertion().split('.');
  const mac = createHmac('sha256', JSON.stringify(agent.key.publicJwk)).update(`${header}.${payload}`).digest('base64url');
  const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
  return {
    'a Mac by the public key': `${Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url')}.${payload}.${mac}`,
    'no signature': `${none}.${payload}.`,
    'the alg none': `${none}.${payload}.AAAA`,
    'a wrong signature': `${header}.${payload}.${Buffer.alloc(64).toString('base64url')}`,
    'white space': ` ${client.assertion()}`,
    padding: `${client.assertion()}=`,
    'five parts': `${client.assertion()}.AA.AA`,
    JSON: JSON.stringify({ protected: header, payload, signature: mac }),
    nothing: 'x',
  };
};

test.each(
  Object.keys({
    'a Mac by the public key': 1,
    'no signature': 1,
    'the alg none': 1,
    'a wrong signature': 1,
    'white space': 1,
    padding: 1,
    'five parts': 1,
    JSON: 1,
    nothing: 1,
  }),
)('an assertion that is %s is refused', async (name) => {
  await refuses(client.token({ client_assertion: forged()[name as keyof ReturnType<typeof forged>] }), 401, 'invalid_client');
});

test.each([
  [{ aud: 'the token endpoint' }, {}],
  [{ aud: ['the issuer'] }, {}],
  [{ aud: 'https://other.example' }, {}],
  [{ aud: undefined }, {}],
  [{ iss: 'agt_00000000000000000000000000' }, {}],
  [{ exp: undefined }, {}],
  [{ exp: Math.floor(Date.now() / 1_000) + 86_400 }, {}],
  [{ exp: Math.floor(Date.now() / 1_000) - 1 }, {}],
  [{ exp: 'soon' }, {}],
  [{ nbf: Math.floor(Date.now() / 1_000) + 120 }, {}],
  [{ jti: undefined }, {}],
  [{ jti: 'j'.repeat(300) }, {}],
  [{}, { kid: 'unknown' }],
  [{}, { kid: '../../dev/null' }],
  [{}, { kid: "' or 1=1--" }],
  [{}, { typ: 'at+jwt' }],
  [{}, { typ: 'dpop+jwt' }],
  [{}, { jku: 'https://evil.example/jwks' }],
  [{}, { crit: ['exp'] }],
])('an assertion with %j %j is refused', async (claims, header) => {
  const spelled = { 'the token endpoint': url(), 'the issuer': authority.issuer } as Readonly<Record<string, string>>;
  const aud =
    'aud' in claims
      ? Array.isArray(claims.aud)
        ? claims.aud.map((one) => spelled[one])
        : (spelled[String(claims.aud)] ?? claims.aud)
      : authority.issuer;
  await refuses(client.token({ client_assertion: client.assertion({ ...claims, aud }, header) }), 401, 'invalid_client');
});

test('an assertion by the key of another client, or of nobody, is refused', async () => {
  const other = await authority.agent();
  await refuses(client.token({ client_assertion: client.assertion({}, {}, other.key) }), 401, 'invalid_client');
  await refuses(
    client.token({ client_assertion: client.assertion({}, { kid: agent.key.jkt }, other.key) }),
    401,
    'invalid_client',
  );
  await refuses(
    client.token({ client_assertion: client.assertion({}, { kid: undefined }, generateSigningKey()) }),
    401,
    'invalid_client',
  );
  const unknown = { iss: 'agt_00000000000000000000000000', sub: 'agt_00000000000000000000000000' };
  await refuses(client.token({ client_assertion: client.assertion(unknown) }), 401, 'invalid_client');
  await refuses(
    client.token({ client_assertion: client.assertion({ iss: 'refund-bot', sub: 'refund-bot' }) }),
    401,
    'invalid_client',
  );
});

test('a token of one kind is nothing where another is wanted', async () => {
  const accessToken = await client.accessToken();
  await refuses(client.token({ client_assertion: accessToken }), 401, 'invalid_client');
  await refuses(client.token({ client_assertion: client.proof() }), 401, 'invalid_client');
  await refuses(post(url(), client.form(), { dpop: client.assertion() }), 400, 'invalid_dpop_proof');
  await refuses(post(url(), client.form(), { dpop: accessToken }), 400, 'invalid_dpop_proof');
});

test.each([
  ['for another method', { htm: 'GET' }],
  ['for a method in small letters', { htm: 'post' }],
  ['for another address', { htu: 'https://other.example/token' }],
  ['for another path', { htu: 'http://127.0.0.1/token' }],
  ['that is old', { iat: Math.floor(Date.now() / 1_000) - 75 }],
  ['that is from the future', { iat: Math.floor(Date.now() / 1_000) + 75 }],
  ['without jti', { jti: undefined }],
  ['with a jti of a megabyte', { jti: 'j'.repeat(5_000) }],
  ['without iat', { iat: undefined }],
  ['without htu', { htu: undefined }],
  ['without htm', { htm: undefined }],
])('a proof %s is refused', async (_name, claims) => {
  await refuses(post(url(), client.form(), { dpop: client.proof(claims) }), 400, 'invalid_dpop_proof');
});

test('a proof that is made ten seconds off is taken', async () => {
  for (const off of [-10, 10]) {
    const { status } = await post(url(), client.form(), { dpop: client.proof({ iat: Math.floor(Date.now() / 1_000) + off }) });
    assert.equal(status, 200);
  }
});

test.each(['typ', 'alg', 'jwk'])('a proof with another %s is refused', async (member) => {
  const header = { typ: { typ: 'JWT' }, alg: { alg: 'none' }, jwk: { jwk: exportPrivateKey(client.dpopKey) } }[member];
  await refuses(post(url(), client.form(), { dpop: client.proof({}, header) }), 400, 'invalid_dpop_proof');
});

test('no proof, an empty one, two in one header, and a signature by another key are refused', async () => {
  await refuses(post(url(), client.form()), 400, 'invalid_dpop_proof');
  await refuses(post(url(), client.form(), { dpop: '' }), 400, 'invalid_dpop_proof');
  await refuses(post(url(), client.form(), { dpop: `${client.proof()}, ${client.proof()}` }), 400, 'invalid_dpop_proof');
  await refuses(post(url(), client.form(), { dpop: client.proof({}, { jwk: agent.key.publicJwk }) }), 400, 'invalid_dpop_proof');
});

test('two DPoP headers are two, also when they are the same', async () => {
  const proof = client.proof();
  const form = client.form().toString();
  const answer = await speak(
    authority.issuer,
    `${head}content-length: ${form.length}\r\ndpop: ${proof}\r\ndpop: ${proof}\r\n\r\n${form}`,
  );
  assert.match(answer, /^HTTP\/1\.1 400 /);
  assert.match(answer, /invalid_dpop_proof/);
});

test('a nonce of ours is demanded, and given', async () => {
  for (const nonce of [undefined, 'guess', 'n'.repeat(32)]) {
    const refused = await refuses(post(url(), client.form(), { dpop: client.proof({ nonce }) }), 400, 'use_dpop_nonce');
    const given = refused.headers.get('dpop-nonce');
    assert.equal((await post(url(), client.form(), { dpop: client.proof({ nonce: given }) })).status, 200);
  }
});

test('the same assertion is good once, and so is the same proof', async () => {
  const assertion = client.assertion();
  assert.equal((await client.token({ client_assertion: assertion })).status, 200);
  await refuses(client.token({ client_assertion: assertion }), 401, 'invalid_client');
  const dpop = client.proof();
  assert.equal((await post(url(), client.form(), { dpop })).status, 200);
  await refuses(post(url(), client.form(), { dpop }), 401, 'invalid_client');
});

test('fifty of the same request at the same instant: exactly one token', async () => {
  const before = await authority.count('token.issued', agent.id);
  const tasks = async () => (await authority.db.query('select id from task where agent = $1', [agent.id])).rowCount;
  const tasksBefore = await tasks();
  const form = client.form();
  const dpop = client.proof();
  const answers = await Promise.all(Array.from({ length: 50 }, () => post(url(), form, { dpop })));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  assert.equal(answers.filter(({ status, body }) => status === 401 && body['error'] === 'invalid_client').length, 49);
  assert.equal(await authority.count('token.issued', agent.id), before + 1);
  assert.equal(await tasks(), tasksBefore + 1);
});

test('an agent with many keys names the one it uses', async () => {
  const many = await authority.agent();
  const { key } = await authority.enrol(many.id);
  for (let n = 0; n < 19; n++) await authority.enrol(many.id);
  const busy = openClient(authority.issuer, many, resource);
  assert.equal((await busy.token({ client_assertion: busy.assertion({}, { kid: key.jkt }, key) })).status, 200);
  assert.equal(
    (await busy.token({ client_assertion: busy.assertion({}, { kid: undefined }, key) })).body['error'],
    'invalid_client',
  );
});

test('a refused request spends nothing that a corrected one needs', async () => {
  const assertion = client.assertion();
  const dpop = client.proof();
  await refuses(post(url(), client.form({ client_assertion: assertion, scope: 'admin' }), { dpop }), 400, 'invalid_scope');
  assert.equal((await post(url(), client.form({ client_assertion: assertion }), { dpop })).status, 200);
});

test.each([
  ['application/json', '{"grant_type":"client_credentials"}'],
  ['text/plain', 'grant_type=client_credentials'],
  ['multipart/form-data; boundary=x', '--x--'],
  ['application/x-www-form-urlencoded; charset=utf-16', 'grant_type=client_credentials'],
  ['', 'grant_type=client_credentials'],
])('a body of type %j is refused', async (type, body) => {
  await refuses(post(url(), body, { 'content-type': type, dpop: client.proof() }), 400, 'invalid_request');
});

test.each([
  'grant_type=%',
  'grant_type=%zz',
  'grant_type=%ff',
  'grant_type=%ed%a0%80',
  '\ufeffgrant_type=client_credentials',
  'grant_type=client credentials',
  'grant_type=%00',
  'grant_type=a%0d%0ab',
  '{"grant_type":"client_credentials"}',
  '&&&&',
  '=',
  Array.from({ length: 8_000 }, (_, n) => `p${n}`).join('&'),
])('the form %.40j is refused', async (body) => {
  const started = performance.now();
  await refuses(post(url(), body, { dpop: client.proof() }), 400, 'invalid_request');
  assert.ok(performance.now() - started < 500);
});

test('a body that is too large is refused, told or not, and the connection is not read on', async () => {
  const before = process.memoryUsage().arrayBuffers;
  await refuses(post(url(), `a=${'b'.repeat(70_000)}`), 413, 'invalid_request');
  const chunk = `10000\r\n${'a'.repeat(65_536)}\r\n`;
  const answer = await speak(authority.issuer, `${head}transfer-encoding: chunked\r\n\r\n${chunk}${chunk}0\r\n\r\n`);
  assert.match(answer, /^HTTP\/1\.1 413 /);
  assert.match(answer, /connection: close/i);
  assert.ok(process.memoryUsage().arrayBuffers - before < 20_000_000);
});

test.each(['Basic YWd0XzE6c2VjcmV0', 'basic x', 'Basic'])(
  'the header %j does not authenticate anybody',
  async (authorization) => {
    await refuses(post(url(), client.form(), { authorization, dpop: client.proof() }), 401, 'invalid_client');
  },
);

test('another authentication header beside the assertion is one too many', async () => {
  await refuses(post(url(), client.form(), { authorization: 'Bearer x', dpop: client.proof() }), 400, 'invalid_request');
});

test.each(['GET', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'])('%s is not for the token endpoint', async (method) => {
  const response = await fetch(url(), { method });
  assert.equal(response.status, 405);
  assert.equal(response.headers.get('allow'), 'POST');
});

test('nothing of a request comes back in an error', async () => {
  const { body } = await client.token({ scope: '"><script>alert(1)</script>\u00e9', client_assertion_type: assertionType });
  assert.doesNotMatch(JSON.stringify(body), /alert|<|>/);
});
