import assert from 'node:assert/strict';
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { compactVerify, importJWK, type JWK } from 'jose';
import { describe, test } from 'vitest';
import { rawFromDer } from '../src/ecdsa-signature.ts';
import { exportPrivateKey, generateSigningKey, publicKeyOf, type SigningKey } from '../src/jwk.ts';
import { readJws, verifyJws } from '../src/jws.ts';
import { encodePart, forge, signInput } from '../src/testing/forge.ts';

/**
 * Signatures and tokens in the manner of the Wycheproof vectors, made anew for each run. `jose` is the oracle: what it refuses we
 * refuse; what we refuse beyond that is said, with why.
 */
type Case = {
  readonly name: string;
  readonly token: string;
  readonly holds: boolean;
  /** Why we refuse what `jose` takes. */
  readonly stricter?: string;
};

const claims = { sub: 'agt_1' };
const ec = generateSigningKey('ES256');
const other = generateSigningKey('ES256');
const ed = generateSigningKey('EdDSA');
const header = (alg: string, more: object = {}) => ({ alg, typ: 'JWT', ...more });

function ours(token: string, key: SigningKey): boolean {
  try {
    return verifyJws(readJws(token, { typ: 'JWT' }), publicKeyOf(key));
  } catch {
    return false;
  }
}

async function theirs(token: string, key: SigningKey): Promise<boolean> {
  try {
    await compactVerify(token, await importJWK({ ...key.publicJwk } as JWK, key.alg));
    return true;
  } catch {
    return false;
  }
}

function check(cases: readonly Case[], key: SigningKey): void {
  test.each(cases.map((one) => [one.name, one] as const))('%s', async (_name, { token, holds, stricter }) => {
    assert.equal(ours(token, key), holds);
    assert.equal(await theirs(token, key), holds || stricter !== undefined, 'the oracle says otherwise');
  });
}

const input = (key: SigningKey) => `${encodePart(header(key.alg))}.${encodePart(claims)}`;
const withBytes = (key: SigningKey, signature: Uint8Array) => `${input(key)}.${Buffer.from(signature).toString('base64url')}`;
const signatureOf = (key: SigningKey) => Buffer.from(signInput(key, input(key)).split('.')[2] ?? '', 'base64url');
const wide = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
const numberOf = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);

describe('ES256 (Wycheproof ecdsa_secp256r1_sha256_p1363)', () => {
  const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const raw = signatureOf(ec);
  const [r, s] = [numberOf(raw.subarray(0, 32)), numberOf(raw.subarray(32))];
  const pair = (one: bigint, two: bigint) => withBytes(ec, Buffer.concat([wide(one), wide(two)]));
  const der = sign('sha256', Buffer.from(input(ec)), ec.key);
  /** A signature one of whose numbers begins with a zero byte: it is written all the same. */
  const short = (() => {
    for (;;) {
      const one = signatureOf(ec);
      if (one[0] === 0 && one[32] !== 0) return one;
    }
  })();
  const cases: readonly Case[] = [
    { name: 'a signature', token: withBytes(ec, raw), holds: true },
    { name: 'its twin, with n - s: the same message by the same key', token: pair(r, n - s), holds: true },
    { name: 'r = 0', token: pair(0n, s), holds: false },
    { name: 's = 0', token: pair(r, 0n), holds: false },
    { name: 'r = s = 0', token: pair(0n, 0n), holds: false },
    { name: 'r = n', token: pair(n, s), holds: false },
    { name: 's = n', token: pair(r, n), holds: false },
    { name: 'r = s = n', token: pair(n, n), holds: false },
    { name: 'r = n, s = 0', token: pair(n, 0n), holds: false },
    { name: 'r = 1, s = 1', token: pair(1n, 1n), holds: false },
    { name: 'r = n - r', token: pair(n - r, s), holds: false },
    { name: 'r = r + 1', token: pair(r + 1n, s), holds: false },
    { name: 'the greatest numbers there are', token: pair(2n ** 256n - 1n, 2n ** 256n - 1n), holds: false },
    { name: 'r and s the other way round', token: pair(s, r), holds: false },
    { name: 'each number the other way round', token: withBytes(ec, Buffer.from(raw).reverse()), holds: false },
    { name: 'as DER', token: withBytes(ec, der), holds: false },
    {
      name: 'as DER, filled up to 64 bytes',
      token: withBytes(ec, Buffer.concat([der, Buffer.alloc(64)]).subarray(0, 64)),
      holds: false,
    },
    { name: 'a number that begins with zero, whole', token: withBytes(ec, short), holds: true },
    { name: 'a number that begins with zero, without it', token: withBytes(ec, short.subarray(1)), holds: false },
    { name: 'a zero before it', token: withBytes(ec, Buffer.concat([Buffer.alloc(1), raw])), holds: false },
    { name: 'a zero behind it', token: withBytes(ec, Buffer.concat([raw, Buffer.alloc(1)])), holds: false },
    {
      name: 'a zero in front of each number',
      token: withBytes(ec, Buffer.concat([Buffer.alloc(1), raw.subarray(0, 32), Buffer.alloc(1), raw.subarray(32)])),
      holds: false,
    },
    { name: 'half of it', token: withBytes(ec, raw.subarray(0, 32)), holds: false },
    { name: 'it twice', token: withBytes(ec, Buffer.concat([raw, raw])), holds: false },
    { name: 'none', token: `${input(ec)}.`, holds: false },
    { name: 'by another key', token: signInput(other, input(ec)), holds: false },
    {
      name: 'of another payload',
      token: withBytes(ec, Buffer.from(forge(ec, header('ES256'), { sub: 'agt_2' }).split('.')[2] ?? '', 'base64url')),
      holds: false,
    },
    { name: 'of SHA-384', token: withBytes(ec, rawFromDer(sign('sha384', Buffer.from(input(ec)), ec.key))), holds: false },
    {
      name: 'of the payload alone',
      token: withBytes(ec, rawFromDer(sign('sha256', Buffer.from(encodePart(claims)), ec.key))),
      holds: false,
    },
  ];
  check(cases, ec);
});

describe('EdDSA (Wycheproof ed25519)', () => {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const raw = signatureOf(ed);
  const little = (bytes: Uint8Array) => numberOf(Buffer.from(bytes).reverse());
  const pair = (point: Uint8Array, s: bigint) => withBytes(ed, Buffer.concat([point, wide(s).reverse()]));
  const point = raw.subarray(0, 32);
  const s = little(raw.subarray(32));
  const identity = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]);
  const smallOrder = Buffer.from('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa', 'hex');
  const cases: readonly Case[] = [
    { name: 'a signature', token: withBytes(ed, raw), holds: true },
    { name: 's + L', token: pair(point, s + order), holds: false },
    { name: 's + 2L', token: pair(point, s + 2n * order), holds: false },
    { name: 's = 0', token: pair(point, 0n), holds: false },
    { name: 's = L', token: pair(point, order), holds: false },
    { name: 's with its highest bits set', token: pair(point, s + 2n ** 253n), holds: false },
    { name: 'R the identity, s = 0', token: pair(identity, 0n), holds: false },
    { name: 'R of small order, s = 0', token: pair(smallOrder, 0n), holds: false },
    { name: 'R not on the curve', token: pair(Buffer.alloc(32, 0xff), s), holds: false },
    {
      name: 'R with another sign',
      token: pair(Buffer.from([...point.subarray(0, 31), (point[31] ?? 0) ^ 0x80]), s),
      holds: false,
    },
    { name: 'all zeros', token: withBytes(ed, Buffer.alloc(64)), holds: false },
    { name: 'one byte less', token: withBytes(ed, raw.subarray(0, 63)), holds: false },
    { name: 'one byte more', token: withBytes(ed, Buffer.concat([raw, Buffer.alloc(1)])), holds: false },
    { name: 'none', token: `${input(ed)}.`, holds: false },
    {
      name: 'of another payload',
      token: withBytes(ed, Buffer.from(forge(ed, header('EdDSA'), {}).split('.')[2] ?? '', 'base64url')),
      holds: false,
    },
  ];
  check(cases, ed);
});

describe('spellings and parts (RFC 7515 §2, §3.1, §5.2)', () => {
  const [head = '', body = '', signature = ''] = forge(ec, header('ES256'), claims).split('.');
  /** The last character of 64 bytes carries four spare bits: sixteen spellings, of which one is right. */
  const spare = signature.slice(0, -1) + ({ A: 'B', Q: 'R', g: 'h', w: 'x' }[signature.slice(-1)] ?? 'B');
  const signed = (one: string, two: string) => signInput(ec, `${one}.${two}`);
  const plus = Buffer.from('{"sub":"~~?>>~?>~~>?"}').toString('base64');
  assert.match(plus, /[+/]/);
  const cases: readonly Case[] = [
    { name: 'three parts', token: `${head}.${body}.${signature}`, holds: true },
    {
      name: 'spare bits that are not zero',
      token: `${head}.${body}.${spare}`,
      holds: false,
      stricter: 'one token would have sixteen names',
    },
    {
      name: 'padding behind the signature',
      token: `${head}.${body}.${signature}==`,
      holds: false,
      stricter: 'RFC 7515 §2: without padding',
    },
    {
      name: 'a space in the signature',
      token: `${head}.${body}.${signature.slice(0, 9)} ${signature.slice(9)}`,
      holds: false,
      stricter: 'no white space',
    },
    { name: 'a line break behind it', token: `${head}.${body}.${signature}\n`, holds: false, stricter: 'no white space' },
    { name: 'padding behind the payload, signed so', token: signed(head, `${body}=`), holds: false },
    { name: 'the alphabet of base64, signed so', token: signed(head, plus.replaceAll('=', '')), holds: false },
    { name: 'two parts', token: `${head}.${body}`, holds: false },
    { name: 'four parts', token: `${head}.${body}.${signature}.${signature}`, holds: false },
    { name: 'five parts', token: `${head}.${body}.${signature}..`, holds: false },
    { name: 'no header', token: `.${body}.${signature}`, holds: false },
    { name: 'no payload, signed so', token: signed(head, ''), holds: false, stricter: 'claims are an object' },
    {
      name: 'a payload that is no JSON, signed so',
      token: signed(head, encodePart('x')),
      holds: false,
      stricter: 'claims are an object',
    },
    { name: 'a dot behind it', token: `${head}.${body}.${signature}.`, holds: false },
    { name: 'the JSON serialisation', token: JSON.stringify({ protected: head, payload: body, signature }), holds: false },
  ];
  check(cases, ec);
});

describe('headers (RFC 7515 §4, RFC 8725 §3)', () => {
  const evil = generateSigningKey('ES256');
  const by = (text: object | string) => signInput(ec, `${encodePart(text)}.${encodePart(claims)}`);
  const publicPem = createPublicKey({ key: { ...ec.publicJwk }, format: 'jwk' })
    .export({ type: 'spki', format: 'pem' })
    .toString();
  const mac = (secret: string) => {
    const text = `${encodePart(header('HS256'))}.${encodePart(claims)}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };
  const noAuthority = 'a key or an address in the token is never used, and so it may not be there';
  const cases: readonly Case[] = [
    { name: 'alg and typ', token: by(header('ES256')), holds: true },
    { name: 'none', token: `${encodePart(header('none'))}.${encodePart(claims)}.`, holds: false },
    { name: 'none, with a signature', token: by(header('none')), holds: false },
    { name: 'None', token: by(header('None')), holds: false },
    { name: 'HS256 by the public key as PEM', token: mac(publicPem), holds: false },
    { name: 'HS256 by the public key as JWK', token: mac(JSON.stringify(ec.publicJwk)), holds: false },
    { name: 'ES384 over a P-256 signature', token: by(header('ES384')), holds: false },
    { name: 'ES256K', token: by(header('ES256K')), holds: false },
    { name: 'EdDSA over a P-256 signature', token: by(header('EdDSA')), holds: false },
    { name: 'RS256', token: by(header('RS256')), holds: false },
    { name: 'alg as a list', token: by({ alg: ['ES256'], typ: 'JWT' }), holds: false },
    { name: 'no alg', token: by({ typ: 'JWT' }), holds: false },
    {
      name: 'alg twice',
      token: by('{"alg":"none","typ":"JWT","alg":"ES256"}'),
      holds: false,
      stricter: 'two readers would disagree',
    },
    {
      name: 'kid twice',
      token: by('{"alg":"ES256","typ":"JWT","kid":"a","kid":"b"}'),
      holds: false,
      stricter: 'two readers would disagree',
    },
    { name: 'crit of something unknown', token: by(header('ES256', { crit: ['exp2'], exp2: 1 })), holds: false },
    { name: 'crit of nothing', token: by(header('ES256', { crit: [] })), holds: false },
    {
      name: 'b64 false',
      token: by(header('ES256', { b64: false, crit: ['b64'] })),
      holds: false,
      stricter: 'RFC 7797 is not spoken',
    },
    {
      name: 'b64 true',
      token: by(header('ES256', { b64: true, crit: ['b64'] })),
      holds: false,
      stricter: 'RFC 7797 is not spoken',
    },
    { name: 'zip', token: by(header('ES256', { zip: 'DEF' })), holds: false, stricter: 'nothing is unpacked' },
    {
      name: 'a jwk of its own, which signs it',
      token: forge(evil, header('ES256', { jwk: evil.publicJwk }), claims),
      holds: false,
    },
    { name: 'a jwk of its own', token: by(header('ES256', { jwk: evil.publicJwk })), holds: false, stricter: noAuthority },
    { name: 'a jku', token: by(header('ES256', { jku: 'https://evil.example/keys' })), holds: false, stricter: noAuthority },
    { name: 'an x5c', token: by(header('ES256', { x5c: ['MIIB'] })), holds: false, stricter: noAuthority },
    { name: 'an x5u', token: by(header('ES256', { x5u: 'https://evil.example/c' })), holds: false, stricter: noAuthority },
    {
      name: 'a kid that is a path: a name, and looked up as one',
      token: by(header('ES256', { kid: '../../dev/null' })),
      holds: true,
    },
    {
      name: 'a kid that is a number',
      token: by(header('ES256', { kid: 1 })),
      holds: false,
      stricter: 'RFC 7515 §4.1.4: a string',
    },
    {
      name: 'a kid without end',
      token: by(header('ES256', { kid: 'k'.repeat(5_000) })),
      holds: false,
      stricter: 'it would be looked for',
    },
    { name: 'another typ', token: by({ alg: 'ES256', typ: 'dpop+jwt' }), holds: false, stricter: 'RFC 8725 §3.11' },
    { name: 'no typ', token: by({ alg: 'ES256' }), holds: false, stricter: 'RFC 8725 §3.11' },
  ];
  check(cases, ec);
});

describe('keys that do not sign', () => {
  const jwkOf = (key: KeyObject) => key.export({ format: 'jwk' });
  test('RSA, P-384, secp256k1, X25519 and a shared secret are no keys here', () => {
    const wrong = [
      jwkOf(generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey),
      jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey),
      jwkOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey),
      jwkOf(generateKeyPairSync('x25519').publicKey),
      { kty: 'oct', k: 'AAAA' },
    ];
    for (const publicJwk of wrong) {
      assert.throws(() => publicKeyOf({ ...ec, publicJwk: publicJwk as SigningKey['publicJwk'] }), { code: 'jwk.invalid' });
    }
  });

  test('what is signed here is signed for the oracle too', async () => {
    for (const key of [ec, ed]) {
      const token = forge(key, header(key.alg), claims);
      assert.equal(await theirs(token, key), true);
      const imported = createPrivateKey({ key: { ...exportPrivateKey(key) }, format: 'jwk' });
      assert.equal(imported.type, 'private');
    }
  });
});
