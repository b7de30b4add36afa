import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { calculateJwkThumbprint, compactVerify, exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT } from 'jose';
import { test } from 'vitest';
import { createAccessTokenVerifier, mintAccessToken } from './access-token.ts';
import { readClientAssertion, verifyClientAssertion } from './client-assertion.ts';
import { hashAccessToken, verifyDpopProof } from './dpop.ts';
import { generateSigningKey, importPublicKey, publicKeyOf } from './jwk.ts';
import { signJws } from './jws.ts';
import { ProofError } from './proof-error.ts';

const now = 1_800_000_000_000;
const seconds = now / 1_000;
const issuer = 'https://id.acme.example';
const audience = 'https://gw.acme.example/mcp/crm';
const url = 'https://gw.acme.example/mcp/crm';

/** Keys, tokens and proofs as `jose` makes them: what a client of ours in the field sends. */
async function joseClient(alg: 'ES256' | 'EdDSA') {
  const pair = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(pair.publicKey);
  const sign = (header: object, claims: object) =>
    new SignJWT({ ...claims }).setProtectedHeader({ alg, ...header }).sign(pair.privateKey);
  return { jwk, jkt: await calculateJwkThumbprint(jwk), sign };
}

type Case = { readonly name: string; readonly token: string; readonly verify: (token: string) => unknown };

async function casesOf(alg: 'ES256' | 'EdDSA'): Promise<readonly Case[]> {
  const client = await joseClient(alg);
  const issuerKey = await joseClient(alg);
  const key = importPublicKey(issuerKey.jwk);
  const { verify } = createAccessTokenVerifier({ issuer, keyByKid: (kid) => (kid === 'k1' ? key : undefined), maxEntries: 10 });
  const claims = {
    iss: issuer,
    sub: 'agt_1',
    client_id: 'agt_1',
    aud: audience,
    iat: seconds,
    exp: seconds + 300,
    jti: 'tok_1',
    scope: 'call',
    sub_profile: 'ai_agent',
    cnf: { jkt: client.jkt },
    task: 'tsk_1',
  };
  const accessToken = await issuerKey.sign({ typ: 'at+jwt', kid: 'k1' }, claims);
  const proof = await client.sign(
    { typ: 'dpop+jwt', jwk: client.jwk },
    { jti: 'j', htm: 'POST', htu: url, iat: seconds, ath: hashAccessToken(accessToken) },
  );
  const assertion = await client.sign(
    { typ: 'JWT', kid: client.jkt },
    { iss: 'agt_1', sub: 'agt_1', aud: issuer, exp: seconds + 60, jti: 'j' },
  );
  const request = { method: 'POST', url, now, nonce: undefined, accessToken, boundTo: client.jkt };
  return [
    { name: 'access token', token: accessToken, verify: (token) => verify(token, { audience, now }) },
    { name: 'DPoP proof', token: proof, verify: (token) => verifyDpopProof({ ...request, headerValues: token }) },
    {
      name: 'client assertion',
      token: assertion,
      verify: (token) => verifyClientAssertion(readClientAssertion(token), importPublicKey(client.jwk), { issuer, now }),
    },
  ];
}

test.each(['ES256', 'EdDSA'] as const)('tokens and proofs that jose makes with %s hold here', async (alg) => {
  for (const { token, verify } of await casesOf(alg)) assert.ok(verify(token));
});

test('tokens that we make hold at jose', async () => {
  for (const alg of ['ES256', 'EdDSA'] as const) {
    const key = generateSigningKey(alg);
    const token = mintAccessToken(key, {
      iss: issuer,
      sub: 'agt_1',
      client_id: 'agt_1',
      aud: audience,
      iat: seconds,
      exp: seconds + 300,
      jti: 'tok_1',
      scope: 'call',
      sub_profile: 'ai_agent',
      cnf: { jkt: key.jkt },
    });
    const verified = await jwtVerify(token, await importJWK({ ...key.publicJwk, alg }), {
      issuer,
      audience,
      typ: 'at+jwt',
      currentDate: new Date(now),
      algorithms: [alg],
    });
    assert.equal(verified.payload.jti, 'tok_1');
    assert.equal(verified.protectedHeader.kid, key.kid);
    for (let round = 0; round < 100; round++) {
      const one = signJws(key, { typ: 'JWT' }, JSON.stringify({ round }));
      assert.ok(await compactVerify(one, await importJWK({ ...publicKeyOf(key), ...key.publicJwk, alg })));
    }
  }
});

/** One change to a text: a character replaced, put in, left out, or two parts exchanged. */
const mutation = fc.oneof(
  fc.record({ how: fc.constant('replace' as const), at: fc.nat(), text: fc.constantFrom(...'ABCDEFabcdef0189-_=. +/\n{"') }),
  fc.record({
    how: fc.constant('insert' as const),
    at: fc.nat(),
    text: fc.constantFrom('A', '-', '.', '=', ' ', '\u0000', 'AAAA'),
  }),
  fc.record({ how: fc.constant('remove' as const), at: fc.nat(), text: fc.constantFrom('', '1', '22', '333') }),
  fc.record({ how: fc.constant('swap' as const), at: fc.nat({ max: 2 }), text: fc.constant('') }),
);

function mutate(
  token: string,
  { how, at, text }: { how: 'replace' | 'insert' | 'remove' | 'swap'; at: number; text: string },
): string {
  const place = at % token.length;
  if (how === 'replace') return token.slice(0, place) + text + token.slice(place + 1);
  if (how === 'insert') return token.slice(0, place) + text + token.slice(place);
  if (how === 'remove') return token.slice(0, place) + token.slice(place + 1 + text.length);
  const parts = token.split('.');
  const next = (at + 1) % parts.length;
  return parts.map((part, index) => (index === at ? parts[next] : index === next ? parts[at] : part)).join('.');
}

test.each(['ES256', 'EdDSA'] as const)('no change of any kind, one or many, leaves a %s token or proof standing', async (alg) => {
  for (const { name, token, verify } of await casesOf(alg)) {
    for (const when of ['before', 'after']) {
      fc.assert(
        fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
          const other = mutations.reduce(mutate, token);
          if (other === token) return;
          assert.throws(() => verify(other), ProofError, `${name}, ${when} it was first seen`);
        }),
        { numRuns: 600 },
      );
      assert.ok(verify(token), `${name} still holds`);
    }
  }
});

test.each(['ES256', 'EdDSA'] as const)('no bit of a %s token or proof can be turned', async (alg) => {
  for (const { name, token, verify } of await casesOf(alg)) {
    const bytes = Buffer.from(token, 'latin1');
    for (const [first, step] of [
      [0, 5],
      [1, 5],
    ] as const) {
      for (let bit = first; bit < bytes.length * 8; bit += step) {
        const turned = Buffer.from(bytes);
        turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        assert.throws(() => verify(turned.toString('latin1')), ProofError, `${name}, bit ${bit}`);
      }
      assert.ok(verify(token), `${name} is known from now on`);
    }
  }
});

test('whatever is presented, only a ProofError comes out', () => {
  const { verify } = createAccessTokenVerifier({ issuer, keyByKid: () => undefined, maxEntries: 10 });
  const key = publicKeyOf(generateSigningKey());
  const part = fc.oneof(fc.json(), fc.string({ unit: 'binary' })).map((text) => Buffer.from(text).toString('base64url'));
  const presented = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.tuple(part, part, part).map((parts) => parts.join('.')),
  );
  fc.assert(
    fc.property(presented, (token) => {
      assert.throws(() => verify(token, { audience, now }), ProofError);
      assert.throws(() => verifyDpopProof({ headerValues: token, method: 'POST', url, now, nonce: undefined }), ProofError);
      assert.throws(() => verifyClientAssertion(readClientAssertion(token), key, { issuer, now }), ProofError);
    }),
    { numRuns: 2_000 },
  );
});
