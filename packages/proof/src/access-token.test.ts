import assert from 'node:assert/strict';
import { test } from 'vitest';
import { type AccessTokenClaims, createAccessTokenVerifier, mintAccessToken } from './access-token.ts';
import { hashAccessToken } from './dpop.ts';
import { generateSigningKey, type PublicKey, publicKeyOf } from './jwk.ts';
import { forge, refuses } from './testing/forge.ts';

const now = 1_800_000_000_000;
const seconds = now / 1_000;
const issuer = 'https://id.acme.example';
const audience = 'https://gw.acme.example/mcp/crm';
const signer = generateSigningKey('ES256');
const holder = generateSigningKey('ES256');
const fullClaims: AccessTokenClaims = {
  iss: issuer,
  sub: 'agt_1',
  client_id: 'agt_1',
  aud: audience,
  iat: seconds,
  exp: seconds + 300,
  jti: 'tok_1',
  scope: 'call',
  sub_profile: 'ai_agent',
  cnf: { jkt: holder.jkt },
  task: 'tsk_1',
  instance: 'crd_1',
};

function verifier(keys: Map<string, PublicKey> = new Map([[signer.kid, publicKeyOf(signer)]]), maxEntries = 100) {
  const { verify } = createAccessTokenVerifier({ issuer, keyByKid: (kid) => keys.get(kid), maxEntries });
  return (token: string, at = now, aud = audience) => verify(token, { audience: aud, now: at });
}

function token(claims: object = {}, header: object = {}, by = signer): string {
  return forge(by, { typ: 'at+jwt', alg: by.alg, kid: by.kid, ...header }, { ...fullClaims, ...claims });
}

test('what is minted is verified, claim by claim, and named by its hash', () => {
  const minted = mintAccessToken(signer, fullClaims);
  const verify = verifier();
  for (let use = 0; use < 2; use++) assert.deepEqual(verify(minted), { claims: fullClaims, hash: hashAccessToken(minted) });
  const act = { iss: issuer, sub: 'agt_2', sub_profile: 'ai_agent', act: { iss: issuer, sub: 'hum_1' } } as const;
  const nested = { ...fullClaims, act };
  assert.deepEqual(verify(mintAccessToken(signer, nested)).claims, nested);
  const signedIn = { ...fullClaims, auth_time: seconds - 40, acr: 'phr', amr: ['pop', 'user', 'mfa'] };
  assert.deepEqual(verify(mintAccessToken(signer, signedIn)).claims, signedIn);
});

test.each(['JWT', 'dpop+jwt', 'application/at+jwt', 'AT+JWT', undefined])('a token of type %j is of another kind', (typ) => {
  refuses('access_token.invalid', () => verifier()(token({}, { typ })));
});

test.each([
  { alg: 'none' },
  { alg: 'HS256' },
  { alg: 'EdDSA' },
  { jwk: holder.publicJwk },
  { jku: 'https://evil.example' },
  { x5c: [] },
  { crit: ['a'] },
  { kid: undefined },
  { kid: 7 },
  { kid: '' },
  { kid: 'k'.repeat(65) },
  { kid: '../../dev/null' },
  { kid: "' OR 1=1--" },
  { kid: '\u0000' },
  { kid: '__proto__' },
])('the header %j is refused', (header) => {
  refuses('access_token.invalid', () => verifier()(token({}, header)));
});

test('a kid of one megabyte is refused before a key is asked for', () => {
  let asked = 0;
  const { verify } = createAccessTokenVerifier({ issuer, keyByKid: () => (asked++, undefined), maxEntries: 10 });
  refuses('access_token.invalid', () => verify(token({}, { kid: 'k'.repeat(1_000_000) }), { audience, now }));
  refuses('access_token.invalid', () => verify(token({}, { kid: 'k'.repeat(65) }), { audience, now }));
  assert.equal(asked, 0);
});

test('a token by the key of somebody else is refused, also under the name of ours', () => {
  refuses('access_token.invalid', () => verifier()(token({}, {}, holder)));
  refuses('access_token.invalid', () => verifier()(token({}, { kid: signer.kid }, holder)));
});

test.each([
  { iss: 'https://evil.example' },
  { iss: `${issuer}/` },
  { iss: undefined },
  { iss: [issuer] },
  { aud: [audience] },
  { aud: undefined },
  { aud: 'https://gw.acme.example' },
  { sub: undefined },
  { sub: '' },
  { sub: 7 },
  { client_id: undefined },
  { jti: undefined },
  { exp: undefined },
  { exp: '9' },
  { exp: 1.5 },
  { iat: undefined },
  { iat: seconds + 61 },
  { scope: undefined },
  { scope: ['call'] },
  { cnf: undefined },
  { cnf: {} },
  { cnf: { jkt: 'short' } },
  { cnf: holder.jkt },
  { cnf: [holder.jkt] },
  { sub_profile: undefined },
  { sub_profile: 'admin' },
  { task: '' },
  { task: 7 },
  { task: "tsk_' or 1" },
  { instance: 7 },
  { act: 'agt_2' },
  { act: { sub: 'agt_2' } },
  { act: { iss: issuer, sub: 'a', act: [] } },
  { act: { iss: issuer, sub: 'a', sub_profile: 'root' } },
  { auth_time: '9' },
  { auth_time: 1.5 },
  { acr: '' },
  { acr: ['phr'] },
  { amr: 'pop' },
  { amr: [] },
  { amr: ['pop', 7] },
])('the claims %j are refused', (claims) => {
  refuses('access_token.invalid', () => verifier()(token(claims)));
});

test('an empty scope is a scope', () => {
  assert.equal(verifier()(token({ scope: '' })).claims.scope, '');
});

test('dates hold on every use, also of a token that is kept', () => {
  const verify = verifier();
  const good = token();
  assert.equal(verify(good, now + 299_999).claims.jti, 'tok_1');
  refuses('access_token.expired', () => verify(good, now + 300_000));
  refuses('access_token.expired', () => verify(token({ jti: 'tok_2', exp: seconds }), now));
  assert.equal(verify(good, now - 60_000).claims.jti, 'tok_1');
  refuses('access_token.invalid', () => verify(good, now - 60_001));
});

test('the audience is compared on every use, also of a token that is kept', () => {
  const verify = verifier();
  const good = token();
  assert.equal(verify(good).claims.aud, audience);
  refuses('access_token.invalid', () => verify(good, now, 'https://gw.acme.example/mcp/other'));
  refuses('access_token.invalid', () => verify(good, now, `${audience}/`));
});

test("a key that is no longer the issuer's ends the tokens that are kept", () => {
  const keys = new Map([[signer.kid, publicKeyOf(signer)]]);
  const verify = verifier(keys);
  const good = token();
  verify(good);
  keys.delete(signer.kid);
  refuses('access_token.invalid', () => verify(good));
  keys.set(signer.kid, publicKeyOf(holder));
  refuses('access_token.invalid', () => verify(good));
});

test('a failure is never kept, and does not push out what is', () => {
  const keys = new Map<string, PublicKey>();
  const verify = verifier(keys, 4);
  const good = token();
  refuses('access_token.invalid', () => verify(good));
  keys.set(signer.kid, publicKeyOf(signer));
  assert.equal(verify(good).claims.jti, 'tok_1');
  for (let n = 0; n < 20; n++) refuses('access_token.invalid', () => verify(`${good.slice(0, -4)}AAAA`));
  for (let n = 0; n < 20; n++) assert.equal(verify(token({ jti: `tok_${n}` })).claims.jti, `tok_${n}`);
});

test('a token that is kept is not opened by one that is nearly it', () => {
  const verify = verifier();
  const good = token();
  verify(good);
  for (const other of [`${good}=`, ` ${good}`, `${good}\n`, good.slice(0, -1), good.toLowerCase(), `${good}.`, good.repeat(9)]) {
    refuses('access_token.invalid', () => verify(other));
  }
});
