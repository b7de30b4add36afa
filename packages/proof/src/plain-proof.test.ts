import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { test } from 'vitest';
import { type DpopRequest, verifyDpopProof } from './dpop.ts';
import { exportPrivateKey, generateSigningKey, type SigningKey } from './jwk.ts';
import { maxTokenLength } from './jws.ts';
import { readPlainProof } from './plain-proof.ts';
import { encodePart, forge, refuses, signInput } from './testing/forge.ts';

const now = 1_800_000_000_000;
const url = 'https://id.acme.example/token';
const claims = { jti: 'proof-1', htm: 'POST', htu: url, iat: now / 1_000 };

function headerOf(key: SigningKey): object {
  return { typ: 'dpop+jwt', alg: key.alg, jwk: key.publicJwk };
}

function verify(token: string, request: Partial<DpopRequest> = {}) {
  return verifyDpopProof({ headerValues: token, method: 'POST', url, now, nonce: undefined, ...request });
}

/** A key whose header has been read: its proofs take the short way. */
function knownKey(alg: 'ES256' | 'EdDSA' = 'ES256'): SigningKey {
  const key = generateSigningKey(alg);
  verify(forge(key, headerOf(key), claims));
  return key;
}

test.each(['ES256', 'EdDSA'] as const)(
  'the first proof by an %s key is read the long way, all later ones the short way, alike',
  (alg) => {
    const key = generateSigningKey(alg);
    const proof = forge(key, headerOf(key), claims);
    assert.equal(readPlainProof(proof), undefined);
    const first = verify(proof);
    assert.ok(readPlainProof(proof));
    assert.deepEqual(verify(proof), first);
    const next = verify(forge(key, headerOf(key), { ...claims, jti: 'proof-2' }));
    assert.deepEqual(next, { ...first, jti: 'proof-2' });
  },
);

test('a header is not known because a proof with it was refused for its signature', () => {
  const [key, thief] = [generateSigningKey(), generateSigningKey()];
  refuses('dpop.invalid', () => verify(forge(thief, headerOf(key), claims)));
  assert.equal(readPlainProof(forge(key, headerOf(key), claims)), undefined);
});

test('a header that is known opens nothing for another key', () => {
  const [key, thief] = [knownKey(), knownKey()];
  refuses('dpop.invalid', () => verify(forge(thief, headerOf(key), claims)));
  refuses('dpop.invalid', () => verify(forge(generateSigningKey('EdDSA'), headerOf(key), claims)));
});

test('a header that is nearly one that is known is read for what it says', () => {
  const key = knownKey();
  for (const change of [
    { typ: 'JWT' },
    { alg: 'EdDSA' },
    { alg: 'none' },
    { jwk: exportPrivateKey(key) },
    { crit: [] },
    { jku: url },
  ]) {
    refuses('dpop.invalid', () => verify(forge(key, { ...headerOf(key), ...change }, claims)));
  }
  const twice = JSON.stringify(headerOf(key)).replace('{', '{"typ":"dpop+jwt",');
  refuses('dpop.invalid', () => verify(forge(key, twice, claims)));
});

test('no other spelling of a part is taken: padding, another alphabet, white space, spare bits', () => {
  const key = knownKey();
  const header = encodePart(headerOf(key));
  for (const payload of [JSON.stringify(claims), `${JSON.stringify(claims)} `, `${JSON.stringify(claims)}  `]) {
    const part = encodePart(payload);
    const last = part.at(-1) ?? '';
    const others = [`${part}=`, `${part}==`, `${part}\n`, ` ${part}`, part.replace('J', '+'), `${part}A`];
    const turned = { 2: 'BhRx', 3: 'BFJV' }[part.length % 4];
    if (turned !== undefined)
      others.push(...Array.from(turned, (one) => part.slice(0, -1) + one).filter((one) => one.at(-1) !== last));
    for (const other of others) refuses('dpop.invalid', () => verify(signInput(key, `${header}.${other}`)));
  }
  const proof = forge(key, headerOf(key), claims);
  const next = { A: 'B', Q: 'R', g: 'h', w: 'x' }[proof.at(-1) ?? ''] ?? 'B';
  for (const other of [
    `${proof.slice(0, -1)}${next}`,
    `${proof}=`,
    proof.slice(0, -1),
    `${proof}AA`,
    `${proof}.`,
    proof.replaceAll('.', '..'),
  ]) {
    refuses('dpop.invalid', () => verify(other));
  }
});

test('duplicate members, and claims that are too long or of another type, are refused as by the strict reader', () => {
  const key = knownKey();
  const twice = JSON.stringify(claims).replace('{', '{"jti":"proof-0",');
  refuses('dpop.invalid', () => verify(forge(key, headerOf(key), twice)));
  for (const change of [
    { jti: '' },
    { jti: 7 },
    { jti: 'j'.repeat(257) },
    { iat: '1' },
    { iat: now },
    { htm: '' },
    { htu: 'u'.repeat(2_049) },
  ])
    refuses('dpop.invalid', () => verify(forge(key, headerOf(key), { ...claims, ...change })));
  refuses('dpop.invalid', () => verify(forge(key, headerOf(key), { ...claims, ath: 'a'.repeat(maxTokenLength) })));
});

test('a payload that is written otherwise is taken, as it is from a header that is not known', () => {
  const key = knownKey();
  for (const payload of [
    JSON.stringify(claims, undefined, 2),
    JSON.stringify({ ...claims, more: { a: 1 } }),
    JSON.stringify(claims).replace('proof', '\\u0070roof'),
  ]) {
    assert.equal(verify(forge(key, headerOf(key), payload)).jti, 'proof-1');
  }
  assert.equal(verify(forge(key, headerOf(key), { ...claims, jti: 'ü€😀' })).jti, 'ü€😀');
});

test('whatever the claims, a known header changes nothing of what is said of a proof', () => {
  const key = knownKey();
  const odd = fc.constantFrom<unknown>(
    undefined,
    '',
    'x',
    'ä',
    'a\\b',
    'a"b',
    '\u0000',
    7,
    1.5,
    null,
    [],
    {},
    'j'.repeat(300),
    claims.iat,
    url,
  );
  const changes = fc.dictionary(fc.constantFrom(...Object.keys(claims), 'nonce', 'ath', 'more'), odd, { maxKeys: 3 });
  const outcome = (token: string): unknown => {
    try {
      const { jti, iat } = verify(token);
      return { jti, iat };
    } catch (thrown) {
      return (thrown as Error).message;
    }
  };
  fc.assert(
    fc.property(changes, (change) => {
      const unknown = generateSigningKey();
      const payload = { ...claims, ...change };
      assert.deepEqual(outcome(forge(key, headerOf(key), payload)), outcome(forge(unknown, headerOf(unknown), payload)));
    }),
    { numRuns: 300 },
  );
});
