import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { test } from 'vitest';
import {
  exportPrivateKey,
  generateSigningKey,
  importPrivateKey,
  importPublicKey,
  publicKeyOf,
  readPublicJwk,
  thumbprint,
} from './jwk.ts';
import { refuses } from './testing/forge.ts';

const ec = generateSigningKey('ES256');
const ed = generateSigningKey('EdDSA');
const wide = (bytes: bigint) => Buffer.from(bytes.toString(16).padStart(64, '0'), 'hex').toString('base64url');
/** RFC 8032 writes y with its lowest byte first. */
const edPoint = (y: bigint, sign = 0) => {
  const bytes = Buffer.from(y.toString(16).padStart(64, '0'), 'hex').reverse();
  bytes[31] = (bytes[31] ?? 0) | (sign << 7);
  return bytes.toString('base64url');
};
const edPrime = 2n ** 255n - 19n;
const ecPrime = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;

test('a thumbprint is the one of RFC 7638, as jose computes it', async () => {
  for (const alg of ['ES256', 'Ed25519']) {
    const { publicKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = await exportJWK(publicKey);
    assert.equal(importPublicKey(jwk).jkt, await calculateJwkThumbprint(jwk));
  }
});

test('RFC 8037, appendix A.3: the thumbprint of the Ed25519 key', () => {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' } as const;
  assert.equal(thumbprint(jwk), 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
});

test('members beside the key do not change its name, and are left out', () => {
  const jwk = { ...ec.publicJwk, kid: 'other', use: 'sig', key_ops: ['verify'], alg: 'ES256', extra: { deep: true } };
  assert.deepEqual(readPublicJwk(jwk), ec.publicJwk);
  assert.equal(importPublicKey(jwk).jkt, ec.jkt);
});

const refused: readonly (readonly [string, unknown])[] = [
  ['null', null],
  ['a text', 'key'],
  ['an array', [ec.publicJwk]],
  ['a private key', { ...ec.publicJwk, d: ec.publicJwk.x }],
  ['a private member that is null', { ...ec.publicJwk, d: null }],
  ['a symmetric key', { kty: 'oct', k: 'c2VjcmV0' }],
  ['an EC key that carries k', { ...ec.publicJwk, k: 'c2VjcmV0' }],
  ['an RSA key', generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' })],
  ['a P-384 key', generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' })],
  ['a secp256k1 key', generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ format: 'jwk' })],
  ['an X25519 key', generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' })],
  ['an Ed448 key', generateKeyPairSync('ed448').publicKey.export({ format: 'jwk' })],
  ['a key for encryption', { ...ec.publicJwk, use: 'enc' }],
  ['key_ops to encrypt', { ...ec.publicJwk, key_ops: ['encrypt'] }],
  ['key_ops to sign as well', { ...ec.publicJwk, key_ops: ['verify', 'sign'] }],
  ['key_ops of nothing', { ...ec.publicJwk, key_ops: [] }],
  ['key_ops as a text', { ...ec.publicJwk, key_ops: 'verify' }],
  ['an EC key for EdDSA', { ...ec.publicJwk, alg: 'EdDSA' }],
  ['an EC key for HS256', { ...ec.publicJwk, alg: 'HS256' }],
  ['an Ed25519 key for ES256', { ...ed.publicJwk, alg: 'ES256' }],
  ['a coordinate with padding', { ...ec.publicJwk, x: `${ec.publicJwk.x}=` }],
  ['a coordinate with spare bits', { ...ec.publicJwk, x: `${ec.publicJwk.x.slice(0, 42)}B` }],
  ['a coordinate in base64', { ...ec.publicJwk, x: `+/${ec.publicJwk.x.slice(2)}` }],
  ['a short coordinate', { ...ec.publicJwk, x: Buffer.alloc(31, 1).toString('base64url') }],
  ['a long coordinate', { ...ec.publicJwk, x: Buffer.alloc(33, 1).toString('base64url') }],
  ['a coordinate that is a number', { ...ec.publicJwk, x: 7 }],
  ['no y', { kty: 'EC', crv: 'P-256', x: ec.publicJwk.x }],
  ['the point at infinity', { kty: 'EC', crv: 'P-256', x: wide(0n), y: wide(0n) }],
  ['a point off P-256', { kty: 'EC', crv: 'P-256', x: wide(1n), y: wide(1n) }],
  ['swapped coordinates', { ...ec.publicJwk, x: (ec.publicJwk as { y: string }).y, y: ec.publicJwk.x }],
  ['a coordinate above the prime of P-256', aboveThePrime()],
  ['an Ed25519 y above the prime', { kty: 'OKP', crv: 'Ed25519', x: edPoint(edPrime + 3n) }],
  ['an Ed25519 y that is on no point', { kty: 'OKP', crv: 'Ed25519', x: edPoint(2n) }],
  ['two keys in one', { keys: [ec.publicJwk] }],
];

test.each(refused)('%s is refused', (_name, jwk) => {
  refuses('jwk.invalid', () => importPublicKey(jwk));
});

/** A point of P-256 with x = 5, written with x + p. */
function aboveThePrime() {
  const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
  const power = (base: bigint, exponent: bigint) => {
    let result = 1n;
    for (let square = base, rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % ecPrime) {
      if (rest & 1n) result = (result * square) % ecPrime;
    }
    return result;
  };
  for (let x = 1n; ; x++) {
    const square = (((x ** 3n - 3n * x + b) % ecPrime) + ecPrime) % ecPrime;
    const y = power(square, (ecPrime + 1n) / 4n);
    if ((y * y) % ecPrime !== square) continue;
    importPublicKey({ kty: 'EC', crv: 'P-256', x: wide(x), y: wide(y) });
    return { kty: 'EC', crv: 'P-256', x: wide(x + ecPrime), y: wide(y) };
  }
}

const eighth = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
const smallOrder = [0n, 1n, edPrime - 1n, eighth, edPrime - eighth, edPrime, edPrime + 1n].flatMap((y) => [
  [y, 0] as const,
  [y, 1] as const,
]);

test.each(smallOrder)('the Ed25519 point of small order with y = %d and sign %d is refused', (y, sign) => {
  refuses('jwk.invalid', () => importPublicKey({ kty: 'OKP', crv: 'Ed25519', x: edPoint(y, sign) }));
});

test('every Ed25519 key that is made is on its curve', () => {
  for (let round = 0; round < 50; round++) {
    const jwk = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
    assert.equal(importPublicKey(jwk).alg, 'EdDSA');
  }
});

test('a private key comes back as it was kept, and shows its own public half', () => {
  for (const key of [ec, ed]) {
    const back = importPrivateKey(exportPrivateKey(key), 'kid-1');
    assert.equal(back.kid, 'kid-1');
    assert.equal(back.jkt, key.jkt);
    assert.deepEqual(back.publicJwk, key.publicJwk);
    assert.equal(publicKeyOf(back).jkt, key.jkt);
    assert.deepEqual(createPublicKey(back.key).export({ format: 'jwk' }), { ...key.publicJwk });
  }
});

test('a private key beside another public half is refused', () => {
  const other = generateSigningKey('ES256');
  const mixed = { ...exportPrivateKey(ec), ...other.publicJwk };
  refuses('jwk.invalid', () => importPrivateKey(mixed), exportPrivateKey(ec).d);
  refuses('jwk.invalid', () => importPrivateKey({ ...exportPrivateKey(ed), x: generateSigningKey('EdDSA').publicJwk.x }));
  refuses('jwk.invalid', () => importPrivateKey(ec.publicJwk));
  refuses('jwk.invalid', () => importPrivateKey(undefined));
});
