import assert from 'node:assert/strict';
import { createHmac, createPublicKey } from 'node:crypto';
import { CompactEncrypt, importJWK } from 'jose';
import { test } from 'vitest';
import { generateSigningKey, publicKeyOf, type SigningKey } from './jwk.ts';
import { maxTokenLength, readJws, signJws, verifyJws } from './jws.ts';
import { encodePart, forge, refuses, signInput } from './testing/forge.ts';

const ec = generateSigningKey('ES256');
const ed = generateSigningKey('EdDSA');
const claims = { sub: 'agt_1', n: 1 };
const good = signJws(ec, { typ: 'JWT', kid: ec.kid }, JSON.stringify(claims));
const expect = { typ: 'JWT' } as const;

/** Whether a token is read and its signature is the key's. */
function holds(token: string, key: SigningKey = ec): boolean {
  try {
    return verifyJws(readJws(token, expect), publicKeyOf(key));
  } catch {
    return false;
  }
}

test('what is signed is read and verified, by either kind of key', () => {
  for (const key of [ec, ed]) {
    const token = signJws(key, { typ: 'JWT', kid: 'k' }, '{"n":12345678901234567890}');
    const parsed = readJws(token, expect);
    assert.equal(verifyJws(parsed, publicKeyOf(key)), true);
    assert.equal(parsed.alg, key.alg);
    assert.equal(parsed.kid, 'k');
    assert.equal((parsed.claims['n'] as { text: string }).text, '12345678901234567890');
  }
});

test('the name that RFC 9864 gives to EdDSA on Ed25519 is taken', () => {
  assert.equal(holds(forge(ed, { alg: 'Ed25519', typ: 'JWT' }, claims), ed), true);
});

const headers: readonly (readonly [string, object | string])[] = [
  ['alg none', { alg: 'none', typ: 'JWT' }],
  ['alg None', { alg: 'None', typ: 'JWT' }],
  ['alg nOnE', { alg: 'nOnE', typ: 'JWT' }],
  ['an empty alg', { alg: '', typ: 'JWT' }],
  ['no alg', { typ: 'JWT' }],
  ['an array of algs', { alg: ['ES256'], typ: 'JWT' }],
  ['alg null', { alg: null, typ: 'JWT' }],
  ['alg es256', { alg: 'es256', typ: 'JWT' }],
  ['alg with a space', { alg: 'ES256 ', typ: 'JWT' }],
  ['alg HS256', { alg: 'HS256', typ: 'JWT' }],
  ['alg RS256', { alg: 'RS256', typ: 'JWT' }],
  ['alg ES384', { alg: 'ES384', typ: 'JWT' }],
  ['alg ES256K', { alg: 'ES256K', typ: 'JWT' }],
  ['an alg that every object has', { alg: 'constructor', typ: 'JWT' }],
  ['an alg that is a prototype', { alg: '__proto__', typ: 'JWT' }],
  ['two algs', '{"alg":"none","alg":"ES256","typ":"JWT"}'],
  ['two algs by escape', '{"alg":"ES256","\\u0061lg":"ES256","typ":"JWT"}'],
  ['another typ', { alg: 'ES256', typ: 'at+jwt' }],
  ['no typ', { alg: 'ES256' }],
  ['an array of typs', { alg: 'ES256', typ: ['JWT'] }],
  ['a jwk', { alg: 'ES256', typ: 'JWT', jwk: ec.publicJwk }],
  ['a jku', { alg: 'ES256', typ: 'JWT', jku: 'https://evil.example/jwks' }],
  ['an x5u', { alg: 'ES256', typ: 'JWT', x5u: 'https://evil.example/x' }],
  ['an x5c', { alg: 'ES256', typ: 'JWT', x5c: ['MIIB'] }],
  ['crit', { alg: 'ES256', typ: 'JWT', crit: ['exp2'], exp2: 1 }],
  ['crit of nothing', { alg: 'ES256', typ: 'JWT', crit: [] }],
  ['b64 false', { alg: 'ES256', typ: 'JWT', b64: false, crit: ['b64'] }],
  ['b64 true', { alg: 'ES256', typ: 'JWT', b64: true }],
  ['a kid that is a number', { alg: 'ES256', typ: 'JWT', kid: 7 }],
  ['an empty kid', { alg: 'ES256', typ: 'JWT', kid: '' }],
  ['a kid of 257 characters', { alg: 'ES256', typ: 'JWT', kid: 'k'.repeat(257) }],
  ['an array as header', []],
  ['a text as header', '"ES256"'],
  ['null as header', 'null'],
  ['a header with a byte order mark', '\ufeff{"alg":"ES256","typ":"JWT"}'],
  ['a header with something behind it', '{"alg":"ES256","typ":"JWT"}x'],
  ['a header with a comment', '{"alg":"ES256",/**/"typ":"JWT"}'],
];

test.each(headers)('a header with %s is refused, though the signature is right', (_name, header) => {
  refuses('jws.invalid', () => readJws(forge(ec, header, claims), expect));
});

const payloads: readonly (readonly [string, string])[] = [
  ['an array', '[]'],
  ['a text', '"sub"'],
  ['a number', '1'],
  ['null', 'null'],
  ['the same claim twice', '{"sub":"a","sub":"b"}'],
  ['a lone surrogate', '{"sub":"\\ud800"}'],
  ['nesting without end', `${'{"a":'.repeat(17)}1${'}'.repeat(17)}`],
  ['a thousand claims', JSON.stringify(Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`c${n}`, 0])))],
  ['a number beyond a double', '{"exp":1e400}'],
  ['a number with a leading zero', '{"exp":01}'],
  ['NaN', '{"exp":NaN}'],
];

test.each(payloads)('a payload that is %s is refused', (_name, payload) => {
  refuses('jws.invalid', () => readJws(forge(ec, { alg: 'ES256', typ: 'JWT' }, payload), expect));
});

test('a payload that is not UTF-8 is refused', () => {
  const input = `${encodePart({ alg: 'ES256', typ: 'JWT' })}.${Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString('base64url')}`;
  refuses('jws.invalid', () => readJws(signInput(ec, input), expect));
});

test('a public key as the secret of HS256 does not sign', () => {
  const key = createPublicKey({ key: { ...ec.publicJwk }, format: 'jwk' });
  const pem = key.export({ format: 'pem', type: 'spki' }).toString();
  const secrets = [
    pem,
    pem.trimEnd(),
    key.export({ format: 'der', type: 'spki' }),
    JSON.stringify(ec.publicJwk),
    `${JSON.stringify(ec.publicJwk)}\n`,
    '',
  ];
  for (const secret of secrets) {
    for (const alg of ['HS256', 'ES256']) {
      const input = `${encodePart({ alg, typ: 'JWT' })}.${encodePart(claims)}`;
      const mac = createHmac('sha256', secret).update(input).digest();
      assert.equal(holds(`${input}.${mac.toString('base64url')}`), false);
      assert.equal(holds(`${input}.${Buffer.concat([mac, mac]).toString('base64url')}`), false);
    }
  }
});

test("the algorithm is the key's: a token signed by one kind of key is nothing under another", () => {
  assert.equal(holds(forge(ed, { alg: 'EdDSA', typ: 'JWT' }, claims), ec), false);
  assert.equal(holds(forge(ec, { alg: 'EdDSA', typ: 'JWT' }, claims), ec), false);
  assert.equal(holds(forge(ed, { alg: 'ES256', typ: 'JWT' }, claims), ed), false);
  assert.equal(holds(good, generateSigningKey('ES256')), false);
});

test('only allowed algorithms are read where they are named', () => {
  const token = forge(ed, { alg: 'EdDSA', typ: 'JWT' }, claims);
  refuses('jws.invalid', () => readJws(token, { typ: 'JWT', algs: ['ES256'] }));
  assert.equal(readJws(token, { typ: 'JWT', algs: ['EdDSA'] }).alg, 'EdDSA');
});

test('a typ may be left out only where the expectation says so', () => {
  const token = forge(ec, { alg: 'ES256' }, claims);
  assert.equal(readJws(token, { typ: ['JWT', undefined] }).alg, 'ES256');
  refuses('jws.invalid', () => readJws(forge(ec, { alg: 'ES256', typ: null }, claims), { typ: ['JWT', undefined] }));
});

/** One token in other spellings: a lenient reader would take them for it, and a revocation list would not. */
function respell(token: string): readonly string[] {
  const parts = token.split('.');
  const each = (change: (part: string) => string) => parts.map((part, at) => parts.with(at, change(part)).join('.'));
  return [
    ...each((part) => `${part}=`),
    ...each((part) => `${part}==`),
    ...each((part) => ` ${part}`),
    ...each((part) => `${part}\n`),
    ...each((part) => `${part.slice(0, 4)} ${part.slice(4)}`),
    ...each((part) => `${part.slice(0, 4)}\t${part.slice(4)}`),
    ...each((part) => `${part}\u0000`),
    ...each((part) => part.replaceAll('-', '+').replaceAll('_', '/')).filter((one) => one !== token),
    ...each(setSpareBits).filter((one) => one !== token),
    `${token}.`,
    `.${token}`,
    token.replace('.', '..'),
    `${token}\r\n`,
    `"${token}"`,
    token.replaceAll('.', '%2e'),
    encodeURIComponent(`${token}=`),
  ];
}

/** The last character with its unused bits set: the same bytes for a lenient decoder. */
function setSpareBits(part: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  if (part.length % 4 === 0) return part;
  const other = part.slice(0, -1) + alphabet.charAt(alphabet.indexOf(part.at(-1) ?? '') + 1);
  assert.deepEqual(Buffer.from(other, 'base64url'), Buffer.from(part, 'base64url'));
  return other;
}

test('a token has one spelling', () => {
  const seen = new Set<string>();
  for (let n = 0; n < 12; n++) {
    const token = signJws(ec, { typ: 'JWT', kid: 'k'.repeat(n + 1) }, JSON.stringify({ ...claims, pad: 'p'.repeat(n) }));
    assert.equal(holds(token), true);
    for (const other of respell(token)) {
      assert.notEqual(other, token);
      refuses('jws.invalid', () => readJws(other, expect));
      seen.add(other);
    }
  }
  assert.ok(seen.size > 300, `${seen.size} spellings were tried`);
});

test('the JSON serialisations, also disguised as a compact one, are refused', () => {
  const [header = '', payload = '', signature = ''] = good.split('.');
  const flat = JSON.stringify({ protected: header, payload, signature });
  const general = JSON.stringify({ payload, signatures: [{ protected: header, signature }] });
  for (const token of [flat, general, `{"a":"${good}"}`, `{${good}}`]) refuses('jws.invalid', () => readJws(token, expect));
});

test('an encrypted token is refused unread, however costly it would be to open', async () => {
  const key = await importJWK({ ...ec.publicJwk, alg: 'ECDH-ES' });
  const bomb = await new CompactEncrypt(Buffer.alloc(4_000))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', typ: 'JWT' })
    .encrypt(key);
  const costly = [
    encodePart({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2 ** 31 - 1, p2s: 'AAAA', typ: 'JWT' }),
    'AA',
    'AA',
    'AA',
    'AA',
  ].join('.');
  const started = performance.now();
  for (const token of [bomb, costly]) refuses('jws.invalid', () => readJws(token, expect));
  assert.ok(performance.now() - started < 50);
});

test('what is too long is refused before it is read', () => {
  const long = signJws(ec, { typ: 'JWT' }, JSON.stringify({ pad: 'p'.repeat(maxTokenLength) }));
  refuses('jws.invalid', () => readJws(long, expect));
  refuses('jws.invalid', () => readJws('a'.repeat(50_000_000), expect));
  refuses('jws.invalid', () => readJws(7 as unknown as string, expect));
});

const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const field = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const strange = [0n, 1n, 2n, order - 1n, order, order + 1n, field, 2n ** 256n - 1n];

test('no pair of strange numbers is an ES256 signature', () => {
  const input = good.slice(0, good.lastIndexOf('.'));
  const wide = (value: bigint) => value.toString(16).padStart(64, '0');
  for (const r of strange) {
    for (const s of strange) {
      assert.equal(holds(`${input}.${Buffer.from(wide(r) + wide(s), 'hex').toString('base64url')}`), false, `r=${r} s=${s}`);
    }
  }
});

test('an ES256 signature is 64 bytes and nothing else', () => {
  const [header = '', payload = '', signature = ''] = good.split('.');
  const raw = Buffer.from(signature, 'base64url');
  const der = derOf(raw);
  for (const bytes of [
    raw.subarray(1),
    Buffer.concat([raw, Buffer.alloc(1)]),
    Buffer.concat([Buffer.alloc(1), raw]),
    der,
    Buffer.alloc(64),
    Buffer.alloc(1),
  ]) {
    assert.equal(holds([header, payload, bytes.toString('base64url')].join('.')), false);
  }
});

/** The same numbers as DER, which some readers take as well. */
function derOf(raw: Buffer): Buffer {
  const integer = (bytes: Buffer) => {
    const trimmed = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes;
    return Buffer.concat([Buffer.from([2, trimmed.length]), trimmed]);
  };
  const body = Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32))]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

test('an Ed25519 signature with s above the order is refused: there is one for each message', () => {
  const token = forge(ed, { alg: 'EdDSA', typ: 'JWT' }, claims);
  assert.equal(holds(token, ed), true);
  const raw = Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url');
  const group = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = BigInt(`0x${Buffer.from(raw.subarray(32)).reverse().toString('hex')}`) + group;
  const above = Buffer.concat([raw.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse()]);
  assert.equal(holds(`${token.slice(0, token.lastIndexOf('.'))}.${above.toString('base64url')}`, ed), false);
  for (const bytes of [Buffer.alloc(64), Buffer.alloc(63), Buffer.concat([raw, Buffer.alloc(1)])]) {
    assert.equal(holds(`${token.slice(0, token.lastIndexOf('.'))}.${bytes.toString('base64url')}`, ed), false);
  }
});
