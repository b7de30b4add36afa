import assert from 'node:assert/strict';
import { test } from 'vitest';
import { readClientAssertion, verifyClientAssertion } from './client-assertion.ts';
import { generateSigningKey, publicKeyOf } from './jwk.ts';
import { forge, refuses } from './testing/forge.ts';

const now = 1_800_000_000_000;
const seconds = now / 1_000;
const issuer = 'https://id.acme.example';
const key = generateSigningKey('ES256');
const fullClaims = { iss: 'agt_1', sub: 'agt_1', aud: issuer, exp: seconds + 60, iat: seconds, jti: 'assertion-1' };

function assertion(claims: object = {}, header: object = {}, by = key): string {
  return forge(by, { alg: by.alg, typ: 'JWT', kid: by.jkt, ...header }, { ...fullClaims, ...claims });
}

function verify(token: string, by = key) {
  return verifyClientAssertion(readClientAssertion(token), publicKeyOf(by), { issuer, now });
}

test('an assertion that holds names its client, its id and its end', () => {
  for (const by of [key, generateSigningKey('EdDSA')]) {
    assert.deepEqual(verify(assertion({}, {}, by), by), { clientId: 'agt_1', jti: 'assertion-1', expiresAt: seconds + 60 });
  }
});

test.each(['JWT', undefined, 'client-authentication+jwt'])('typ %j is taken', (typ) => {
  assert.equal(verify(assertion({}, { typ })).clientId, 'agt_1');
});

test.each(['at+jwt', 'dpop+jwt', 'secevent+jwt', 'surety-approval+jwt', 'surety-mandate+jwt', 'jwt ', null, ''])(
  'typ %j is a token of another kind',
  (typ) => {
    refuses('client_assertion.invalid', () => verify(assertion({}, { typ })));
  },
);

test.each([
  ['none', { alg: 'none' }],
  ['HS256', { alg: 'HS256' }],
  ['a jwk of its own', { jwk: key.publicJwk }],
  ['a jku', { jku: 'https://evil.example' }],
  ['crit', { crit: ['x'], x: 1 }],
])('a header with %s is refused', (_name, header) => {
  refuses('client_assertion.invalid', () => verify(assertion({}, header)));
});

test.each([
  'https://id.acme.example/token',
  'https://id.acme.example/',
  'https://other.example',
  'HTTPS://id.acme.example',
  ['https://id.acme.example'],
  ['https://id.acme.example', 'https://other.example'],
  [],
  '',
  null,
  7,
  undefined,
  { 0: issuer },
])('the audience %j is not exactly this issuer', (aud) => {
  refuses('client_assertion.invalid', () => verify(assertion({ aud })));
});

test.each([
  { iss: 'agt_2' },
  { iss: undefined },
  { sub: undefined },
  { iss: '', sub: '' },
  { iss: ['agt_1'] },
  { iss: ['agt_1'], sub: ['agt_1'] },
  { iss: 7, sub: 7 },
  { iss: 'a\u0000', sub: 'a\u0000' },
  { iss: 'a'.repeat(513), sub: 'a'.repeat(513) },
])('%j does not name one client', (claims) => {
  refuses('client_assertion.invalid', () => verify(assertion(claims)));
});

test.each([
  { exp: undefined },
  { exp: seconds },
  { exp: seconds - 1 },
  { exp: seconds + 301 },
  { exp: seconds + 86_400 },
  { exp: String(seconds + 60) },
  { exp: seconds + 0.5 },
  { exp: -1 },
  { exp: now + 60_000 },
  { exp: null },
  { exp: true },
  { exp: [seconds + 60] },
  { nbf: seconds + 61 },
  { nbf: seconds + 120 },
  { nbf: 'now' },
  { nbf: null },
  { nbf: -1 },
  { iat: seconds + 61 },
  { iat: '1' },
  { iat: 1.5 },
])('its dates are wrong: %j', (claims) => {
  refuses('client_assertion.invalid', () => verify(assertion(claims)));
});

test('an exponent is no way to write a date', () => {
  const text = JSON.stringify(fullClaims);
  for (const written of ['1e400', '18e8', '1800000060.0', '+1800000060', '01800000060', '1800000060e0']) {
    const token = forge(key, { alg: 'ES256', typ: 'JWT' }, text.replace(/"exp":\d+/, `"exp":${written}`));
    refuses('client_assertion.invalid', () => verify(token));
  }
});

test.each([
  { exp: seconds + 1 },
  { exp: seconds + 300 },
  { nbf: seconds + 60 },
  { iat: seconds + 60 },
  { iat: undefined },
  { nbf: 0, iat: 0 },
])('its dates are right: %j', (claims) => {
  assert.equal(verify(assertion(claims)).clientId, 'agt_1');
});

test.each([undefined, '', 7, 'j'.repeat(257), 'a\nb', null, ['j']])('%j is no id of an assertion', (jti) => {
  refuses('client_assertion.invalid', () => verify(assertion({ jti })));
});

test('the signature is by the key of the client', () => {
  const other = generateSigningKey('ES256');
  refuses('client_assertion.invalid', () => verify(assertion({}, {}, other)));
  refuses('client_assertion.invalid', () => verify(assertion({}, { kid: other.jkt }, other)));
  refuses('client_assertion.invalid', () => verify(assertion(), generateSigningKey('EdDSA')));
});

test('a kid is only a hint, and a refusal never quotes what was sent', () => {
  assert.equal(readClientAssertion(assertion({}, { kid: '../../dev/null' })).kid, '../../dev/null');
  const token = assertion({ aud: 'https://evil.example/secret-path' });
  refuses('client_assertion.invalid', () => verify(token), 'https://evil.example/secret-path');
});
