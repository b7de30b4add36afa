import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, hash, type KeyObject, privateEncrypt, sign } from 'node:crypto';
import type { AssertionAlg, TrustedIssuer } from '@surety/contract/federation';
import { describe, test } from 'vitest';
import { Fault } from '#kernel/fault';
import { readAssertion } from './read-assertion.ts';
import { verifyAssertion } from './verify-assertion.ts';

/** RSA signatures of issuers in the manner of the Wycheproof vectors: what holds, and all that comes near. */
const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const weak = generateKeyPairSync('rsa', { modulusLength: 1_024 });
const audience = 'https://surety.example';
const issuerUrl = 'https://platform.example';
const bytes = 256;

const encode = (part: object | string) =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

function inputOf(alg: string, header: object = {}): string {
  const seconds = Math.floor(Date.now() / 1_000);
  const claims = { iss: issuerUrl, aud: audience, sub: 'w', iat: seconds, exp: seconds + 300, jti: 'a' };
  return `${encode({ alg, kid: 'k', typ: 'JWT', ...header })}.${encode(claims)}`;
}

const withBytes = (input: string, signature: Uint8Array) => `${input}.${Buffer.from(signature).toString('base64url')}`;
const rs = (input: string, hash = 'sha256', key: KeyObject = pair.privateKey) => sign(hash, Buffer.from(input), key);
const ps = (input: string, saltLength = 32, key: KeyObject = pair.privateKey) =>
  sign('sha256', Buffer.from(input), { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });

type Published = { readonly key?: KeyObject; readonly jwk?: object; readonly algs?: readonly AssertionAlg[] };

/** Whether the assertion is taken of an issuer that signs with these algorithms and publishes this key. */
async function holds(
  token: string,
  { key = pair.publicKey, jwk = {}, algs = ['RS256', 'PS256'] }: Published = {},
): Promise<boolean> {
  const issuer = {
    id: 'iss_1',
    name: 'p',
    kind: 'cloud',
    issuer: issuerUrl,
    algs,
    maxLifetimeSeconds: 600,
  } as unknown as TrustedIssuer;
  const published = [{ ...key.export({ format: 'jwk' }), kid: 'k', ...jwk }];
  try {
    const read = readAssertion(token);
    await verifyAssertion(
      read,
      issuer,
      { keysOf: async (_issuer, kid) => (kid === 'k' ? published : []) },
      { audience, now: Date.now() },
    );
    return true;
  } catch (thrown) {
    assert.ok(thrown instanceof Fault, String(thrown));
    assert.equal(thrown.code, 'assertion.refused');
    return false;
  }
}

test('the key of the issuer signs by either padding, and a signature that begins with zero is written whole', async () => {
  assert.equal(await holds(withBytes(inputOf('RS256'), rs(inputOf('RS256')))), true);
  assert.equal(await holds(withBytes(inputOf('PS256'), ps(inputOf('PS256')))), true);
});

/** A signature value whose padding is made by hand: PKCS #1 v1.5 (RFC 8017 §9.2) as it must not be. */
function padded(block: Buffer): Buffer {
  return privateEncrypt({ key: pair.privateKey, padding: constants.RSA_NO_PADDING }, block);
}

describe('what comes near', () => {
  const input = inputOf('RS256');
  const pss = inputOf('PS256');
  const signature = rs(input);
  const prefix = Buffer.from('3031300d060960864801650304020105000420', 'hex');
  const digest = hash('sha256', Buffer.from(input), 'buffer');
  const whole = Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(bytes - 54, 0xff), Buffer.from([0]), prefix, digest]);
  const cases: readonly (readonly [string, string])[] = [
    ['all zeros', withBytes(input, Buffer.alloc(bytes))],
    ['one', withBytes(input, Buffer.concat([Buffer.alloc(bytes - 1), Buffer.from([1])]))],
    ['more than the modulus', withBytes(input, Buffer.alloc(bytes, 0xff))],
    ['one byte less', withBytes(input, signature.subarray(1))],
    ['a zero before it', withBytes(input, Buffer.concat([Buffer.alloc(1), signature]))],
    ['a zero behind it', withBytes(input, Buffer.concat([signature, Buffer.alloc(1)]))],
    ['one bit other', withBytes(input, Buffer.from([...signature.subarray(0, -1), (signature.at(-1) ?? 0) ^ 1]))],
    ['none', `${input}.AA`],
    ['of SHA-1', withBytes(input, rs(input, 'sha1'))],
    ['of SHA-512', withBytes(input, rs(input, 'sha512'))],
    ['by another key', withBytes(input, rs(input, 'sha256', other.privateKey))],
    ['by the other padding', withBytes(input, ps(input))],
    ['PS256 by the padding of RS256', withBytes(pss, rs(pss))],
    ['PS256 with no salt', withBytes(pss, ps(pss, 0))],
    ['PS256 with a long salt', withBytes(pss, ps(pss, 64))],
    [
      'the digest without its name',
      withBytes(input, padded(Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(bytes - 35, 0xff), Buffer.from([0]), digest]))),
    ],
    [
      'short padding and something behind the digest',
      withBytes(
        input,
        padded(
          Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(8, 0xff), Buffer.from([0]), prefix, digest, Buffer.alloc(bytes - 62)]),
        ),
      ),
    ],
    [
      'the padding of encryption',
      withBytes(
        input,
        padded(Buffer.concat([Buffer.from([0, 2]), Buffer.alloc(bytes - 54, 0x77), Buffer.from([0]), prefix, digest])),
      ),
    ],
    ['HS256 by the modulus', withBytes(inputOf('HS256'), signature)],
    ['none at all', `${inputOf('none')}.`],
    ['alg in other letters', withBytes(inputOf('rs256'), rs(inputOf('rs256')))],
  ];
  test('made by hand as it must be, it holds: the cases below differ in what they say', async () => {
    assert.equal(await holds(withBytes(input, padded(whole))), true);
  });

  test.for(cases)('%s', async ([, token]) => {
    assert.equal(await holds(token), false);
  });

  test('an algorithm that the issuer does not sign with, a key that is for another, and a key that is too short', async () => {
    const token = withBytes(input, signature);
    assert.equal(await holds(token, { algs: ['PS256'] }), false);
    assert.equal(await holds(token, { jwk: { alg: 'PS256' } }), false);
    assert.equal(await holds(token, { jwk: { use: 'enc' } }), false);
    assert.equal(await holds(token, { jwk: { key_ops: ['encrypt'] } }), false);
    assert.equal(await holds(token, { jwk: { e: 'AQ' } }), false, 'e = 1');
    assert.equal(await holds(token, { jwk: { d: 'AQ' } }), false, 'a private key');
    assert.equal(await holds(withBytes(input, rs(input, 'sha256', weak.privateKey)), { key: weak.publicKey }), false);
  });
});
