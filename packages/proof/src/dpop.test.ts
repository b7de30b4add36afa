import assert from 'node:assert/strict';
import { test } from 'vitest';
import { type DpopRequest, hashAccessToken, verifyDpopProof } from './dpop.ts';
import { exportPrivateKey, generateSigningKey } from './jwk.ts';
import { createNonceSource } from './nonce.ts';
import { forge, refuses } from './testing/forge.ts';

const now = 1_800_000_000_000;
const key = generateSigningKey('ES256');
const other = generateSigningKey('ES256');
const accessToken = 'header.payload.signature';
const url = 'https://id.acme.example/token';
const fullClaims = { jti: 'proof-1', htm: 'POST', htu: url, iat: now / 1_000 };

/** A proof with these claims and header members changed; undefined leaves one out. */
function proof(claims: object = {}, header: object = {}, by = key): string {
  return forge(by, { typ: 'dpop+jwt', alg: by.alg, jwk: by.publicJwk, ...header }, { ...fullClaims, ...claims });
}

function verify(token: string | readonly string[] | undefined, request: Partial<DpopRequest> = {}) {
  return verifyDpopProof({ headerValues: token, method: 'POST', url, now, nonce: undefined, ...request });
}

test('a proof that holds says who proved what, by either kind of key', () => {
  for (const by of [key, generateSigningKey('EdDSA')]) {
    const { jkt, jti, iat, key: proven } = verify(proof({}, {}, by));
    assert.deepEqual({ jkt, jti, iat }, { jkt: by.jkt, jti: 'proof-1', iat: now / 1_000 });
    assert.equal(proven.jkt, by.jkt);
  }
});

test('check 1: exactly one header', () => {
  refuses('dpop.missing', () => verify(undefined));
  refuses('dpop.missing', () => verify([]));
  refuses('dpop.invalid', () => verify([proof(), proof()]));
  refuses('dpop.invalid', () => verify([proof(), '']));
  refuses('dpop.invalid', () => verify(`${proof()}, ${proof()}`));
  refuses('dpop.invalid', () => verify(`${proof()},`));
  assert.equal(verify([proof()]).jti, 'proof-1');
});

test.each(['', 'proof', 'a.b', 'a.b.c', '{}', `${proof()}.`, ` ${proof()}`, `${proof()} `, JSON.stringify(proof())])(
  'check 2: %j is not a JWT',
  (token) => {
    refuses('dpop.invalid', () => verify(token), token);
  },
);

test.each(['jti', 'htm', 'htu', 'iat'])('check 3: a proof without %s is refused', (name) => {
  refuses('dpop.invalid', () => verify(proof({ [name]: undefined })));
});

test.each([
  { jti: '' },
  { jti: 7 },
  { jti: 'j'.repeat(257) },
  { jti: 'a\u0000b' },
  { jti: ['a'] },
  { htm: ['POST'] },
  { htm: 7 },
  { htu: [url] },
  { htu: 7 },
  { htu: { url } },
  { iat: '1800000000' },
  { iat: 1_800_000_000.5 },
  { iat: -1 },
  { iat: null },
  { iat: [1_800_000_000] },
  { iat: now },
  { htu: `${url}?${'q'.repeat(2_048)}` },
])('check 3: a claim of another type or length is refused: %j', (claims) => {
  refuses('dpop.invalid', () => verify(proof(claims)));
});

test('check 3: a jti of 256 characters is taken', () => {
  assert.equal(verify(proof({ jti: 'j'.repeat(256) })).jti.length, 256);
});

test.each(['JWT', 'DPOP+JWT', 'dpop', 'application/dpop+jwt', '', undefined, null])('check 4: typ %j is refused', (typ) => {
  refuses('dpop.invalid', () => verify(proof({}, { typ })));
});

test.each(['none', 'HS256', 'RS256', 'ES384', 'es256', '', undefined, ['ES256']])('check 5: alg %j is refused', (alg) => {
  refuses('dpop.invalid', () => verify(proof({}, { alg })));
});

test('check 6: the signature is by the key that is carried', () => {
  refuses('dpop.invalid', () => verify(proof({}, { jwk: other.publicJwk })));
  const [header, payload] = proof().split('.');
  refuses('dpop.invalid', () => verify(`${header}.${payload}.${proof({ jti: 'another' }).split('.')[2]}`));
  refuses('dpop.invalid', () => verify(`${header}.${payload}.${Buffer.alloc(64).toString('base64url')}`));
  const ed = generateSigningKey('EdDSA');
  refuses('dpop.invalid', () => verify(proof({}, { alg: 'ES256', jwk: key.publicJwk }, ed)));
});

test.each([
  exportPrivateKey(key),
  { kty: 'oct', k: 'AAAA' },
  { ...key.publicJwk, k: 'AAAA' },
  undefined,
  null,
  'key',
  [key.publicJwk],
  {},
  { kty: 'EC' },
  { ...key.publicJwk, use: 'enc' },
  { ...key.publicJwk, x: 'AAAA' },
  { ...key.publicJwk, crv: 'P-384' },
])('check 7: %j is not a public key that proves', (jwk) => {
  refuses('dpop.invalid', () => verify(proof({}, { jwk })), exportPrivateKey(key).d);
});

test.each(['GET', 'post', 'Post', 'POST ', ' POST', 'PUT', '*'])('check 8: a proof for %j is not for POST', (htm) => {
  refuses('dpop.invalid', () => verify(proof({ htm })));
});

test.each([
  'https://id.acme.example/token?x=1',
  'https://id.acme.example/token#x',
  'https://id.acme.example/token?x#y',
  'HTTPS://ID.ACME.EXAMPLE/token',
  'https://id.acme.example:443/token',
  'https://id.acme.example/a/../token',
  'https://id.acme.example/./token',
  'https://id.acme.example/%74oken',
])('check 9: %s is this address', (htu) => {
  assert.equal(verify(proof({ htu })).jti, 'proof-1');
});

test.each([
  'http://id.acme.example/token',
  'https://id.acme.example:8443/token',
  'https://evil.example/token',
  'https://id.acme.example.evil/token',
  'https://id.acme.example/Token',
  'https://id.acme.example/token/',
  'https://id.acme.example//token',
  'https://id.acme.example/',
  'https://id.acme.example',
  'https://id.acme.example/token%2f',
  'https://id.acme.example/to%6ben%00',
  '/token',
  'id.acme.example/token',
  'token',
  'https://id.acme.example@evil.example/token',
  'https://u@id.acme.example/token',
  'https:\\\\id.acme.example\\token',
  ' https://id.acme.example/token',
  'https://id.acme.example/token ',
  'https://id.acme.example/to\u0000ken',
  'https://id.acme.example./token',
  'javascript:alert(1)',
  'https://[::1/token',
  'https://id.acme.example/tökén',
  '',
])('check 9: %j is another address', (htu) => {
  refuses('dpop.invalid', () => verify(proof({ htu })));
});

test('check 9: percent-encoding of the path is compared by meaning, and only by meaning', () => {
  const at = (path: string) => `https://id.acme.example${path}`;
  assert.equal(verify(proof({ htu: at('/a%2fb') }), { url: at('/a%2Fb') }).jti, 'proof-1');
  assert.equal(verify(proof({ htu: at('/a%7eb') }), { url: new URL(at('/a~b')) }).jti, 'proof-1');
  refuses('dpop.invalid', () => verify(proof({ htu: at('/a/b') }), { url: at('/a%2Fb') }));
  refuses('dpop.invalid', () => verify(proof({ htu: at('/a%252Fb') }), { url: at('/a%2Fb') }));
});

const nonces = createNonceSource(Buffer.alloc(32, 7));

test('check 10: the nonce is the one that the server gave', () => {
  const required = { required: true, nonces };
  refuses('dpop.nonce_required', () => verify(proof(), { nonce: required }));
  refuses('dpop.nonce_required', () => verify(proof({ nonce: 'guess' }), { nonce: required }));
  refuses('dpop.nonce_required', () => verify(proof({ nonce: '' }), { nonce: required }));
  refuses('dpop.nonce_required', () => verify(proof({ nonce: 'n'.repeat(5_000) }), { nonce: required }));
  refuses('dpop.nonce_required', () =>
    verify(proof({ nonce: createNonceSource(Buffer.alloc(32, 8)).issue(now) }), { nonce: required }),
  );
  refuses('dpop.nonce_required', () => verify(proof({ nonce: nonces.issue(now - 600_000) }), { nonce: required }));
  refuses('dpop.invalid', () => verify(proof({ nonce: 7 }), { nonce: required }));
  refuses('dpop.invalid', () => verify(proof({ nonce: null }), { nonce: required }));
  assert.equal(verify(proof({ nonce: nonces.issue(now) }), { nonce: required }).jti, 'proof-1');
  assert.equal(verify(proof({ nonce: nonces.issue(now - 300_000) }), { nonce: required }).jti, 'proof-1');
});

test('check 10: where a nonce is not demanded, one that is sent must still be right', () => {
  const offered = { required: false, nonces };
  assert.equal(verify(proof(), { nonce: offered }).jti, 'proof-1');
  assert.equal(verify(proof({ nonce: nonces.issue(now) }), { nonce: offered }).jti, 'proof-1');
  refuses('dpop.nonce_required', () => verify(proof({ nonce: 'guess' }), { nonce: offered }));
  assert.equal(verify(proof({ nonce: 'anything' })).jti, 'proof-1');
});

test.each([-60, -59, -10, 0, 10, 60])('check 11: a proof made %d s from now is fresh', (seconds) => {
  assert.equal(verify(proof({ iat: now / 1_000 + seconds })).iat, now / 1_000 + seconds);
});

test.each([-3_600, -61, 61, 3_600])('check 11: a proof made %d s from now is not', (seconds) => {
  refuses('dpop.invalid', () => verify(proof({ iat: now / 1_000 + seconds })));
});

test('check 11: the boundary is exact to the millisecond', () => {
  assert.equal(verify(proof(), { now: now + 60_000 }).jti, 'proof-1');
  refuses('dpop.invalid', () => verify(proof(), { now: now + 60_001 }));
  assert.equal(verify(proof(), { now: now - 60_000 }).jti, 'proof-1');
  refuses('dpop.invalid', () => verify(proof(), { now: now - 60_001 }));
});

test('check 12: ath is the hash of the access token, and the key is the one it is bound to', () => {
  const ath = hashAccessToken(accessToken);
  const at = { accessToken, boundTo: key.jkt };
  assert.equal(verify(proof({ ath }), at).jti, 'proof-1');
  assert.equal(verify(proof({ ath }), { accessTokenHash: ath, boundTo: key.jkt }).jti, 'proof-1');
  refuses('dpop.invalid', () => verify(proof(), at));
  refuses('dpop.invalid', () => verify(proof({ ath: hashAccessToken('another') }), at));
  refuses('dpop.invalid', () => verify(proof({ ath: '' }), at));
  refuses('dpop.invalid', () => verify(proof({ ath: [ath] }), at));
  refuses('dpop.invalid', () => verify(proof({ ath: `${ath}=` }), at));
  refuses('dpop.invalid', () => verify(proof({ ath }), { ...at, boundTo: other.jkt }));
  refuses('dpop.invalid', () => verify(proof({ ath }, {}, other), at));
});

test('RFC 9449, section 7.1: the hash of the access token of the example', () => {
  const example = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU';
  assert.equal(hashAccessToken(example), 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo');
});

test('RFC 9449, section 4.1: the proof of the example verifies at its time', () => {
  const example =
    'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCR' +
    'nMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiU' +
    'E9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbd' +
    'LXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg';
  const { jkt, jti } = verify(example, { url: 'https://server.example.com/token', now: 1_562_262_616_000 });
  assert.equal(jti, '-BwC3ESc6acc2lTc');
  assert.equal(jkt, '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I');
});
