import assert from 'node:assert/strict';
import { readExactJson, isExactRecord } from '@surety/contract/exact-json';
import * as fc from 'fast-check';
import { test } from 'vitest';
import { numericDate, text } from './claim.ts';
import { longest, type ProofClaims, readPlainClaims } from './plain-claims.ts';

const claims = {
  jti: '6d0a4b1c-9b1e-4d53-9c2f-0e8f0c3c9a11',
  htm: 'POST',
  htu: 'https://id.acme.example/token',
  iat: 1_800_000_000,
  nonce: 'n'.repeat(32),
  ath: 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo',
};

/** What the strict reader says of a payload. */
function strictly(payload: string): ProofClaims | undefined {
  try {
    const read = readExactJson(payload, { depth: 16, nodes: 1_000 });
    if (!isExactRecord(read)) return undefined;
    const jti = text(read, 'jti', longest.jti);
    const htm = text(read, 'htm', longest.htm);
    const htu = text(read, 'htu', longest.htu);
    const iat = numericDate(read, 'iat');
    if (jti === undefined || htm === undefined || htu === undefined || iat === undefined) return undefined;
    return { jti, htm, htu, iat, nonce: read['nonce'], ath: read['ath'] };
  } catch {
    return undefined;
  }
}

test('the claims that libraries write are read, in any order, with and without nonce and ath', () => {
  const { nonce, ath, ...least } = claims;
  for (const some of [
    claims,
    least,
    { ...least, ath },
    { nonce, ...least },
    Object.fromEntries(Object.entries(claims).toReversed()),
  ]) {
    const payload = JSON.stringify(some);
    assert.deepEqual(readPlainClaims(payload), { nonce: undefined, ath: undefined, ...some });
    assert.deepEqual(readPlainClaims(payload), strictly(payload));
  }
});

test.each([
  ['a duplicate', '{"jti":"a","jti":"b","htm":"POST","htu":"u","iat":1}'],
  ['a duplicate without a value', '{"jti":"","jti":"b","htm":"POST","htu":"u","iat":1}'],
  ['a duplicate number', '{"iat":1,"jti":"b","htm":"POST","htu":"u","iat":1}'],
  ['a zero in front', '{"jti":"a","htm":"POST","htu":"u","iat":01}'],
  ['a sign', '{"jti":"a","htm":"POST","htu":"u","iat":+1}'],
  ['no digits', '{"jti":"a","htm":"POST","htu":"u","iat":}'],
  ['a date as text', '{"jti":"a","htm":"POST","htu":"u","iat":"1"}'],
  ['a comma at the end', '{"jti":"a","htm":"POST","htu":"u","iat":1,}'],
  ['a comma at the beginning', '{,"jti":"a","htm":"POST","htu":"u","iat":1}'],
  ['no comma', '{"jti":"a""htm":"POST","htu":"u","iat":1}'],
  ['no colon', '{"jti" "a","htm":"POST","htu":"u","iat":1}'],
  ['an open string', '{"jti":"a","htm":"POST","iat":1,"htu":"u}'],
  ['text behind it', '{"jti":"a","htm":"POST","htu":"u","iat":1}}'],
  ['a list', '["jti"]'],
  ['a control character', '{"jti":"a\u0001","htm":"POST","htu":"u","iat":1}'],
  ['a name in quotes of another kind', '{\'jti\':"a","htm":"POST","htu":"u","iat":1}'],
  ['an empty jti', '{"jti":"","htm":"POST","htu":"u","iat":1}'],
  ['a jti that is too long', `{"jti":"${'j'.repeat(257)}","htm":"POST","htu":"u","iat":1}`],
  ['a date in milliseconds', '{"jti":"a","htm":"POST","htu":"u","iat":253402300800}'],
  ['nothing', ''],
  ['an empty object', '{}'],
])('%s is refused here and there', (_name, payload) => {
  assert.equal(readPlainClaims(payload), undefined);
  assert.equal(strictly(payload), undefined);
});

test('what is written otherwise, or holds more, is left to the strict reader', () => {
  const escaped = JSON.stringify(claims).replace('token', '\\u0074oken').replaceAll('/', '\\/');
  for (const payload of [
    escaped,
    JSON.stringify(claims, undefined, 1),
    JSON.stringify({ ...claims, more: [1] }),
    JSON.stringify({ ...claims, jti: 'é' }),
  ]) {
    assert.equal(readPlainClaims(payload), undefined);
    assert.ok(strictly(payload));
  }
});

test('of no text does it say anything that the strict reader does not say', () => {
  const word = fc.constantFrom('jti', 'htm', 'htu', 'iat', 'nonce', 'ath', 'more', '', 'POST', 'a\\"', 'é', '\u0000', '\u007f');
  const piece = fc.oneof(
    fc.constantFrom('{', '}', '[', ']', ',', ':', '"', ' ', '\\', '1', '0', '-', '.', 'e', 'null', 'true'),
    word.map((one) => `"${one}"`),
    fc.tuple(word, word).map(([name, value]) => `"${name}":"${value}"`),
    fc.tuple(word, fc.nat()).map(([name, value]) => `"${name}":${value}`),
  );
  const whole = JSON.stringify(claims);
  const changed = fc
    .array(fc.tuple(fc.nat({ max: whole.length }), fc.nat({ max: 3 }), piece), { minLength: 1, maxLength: 3 })
    .map((changes) => changes.reduce((one, [at, less, more]) => one.slice(0, at) + more + one.slice(at + less), whole));
  const members = fc.array(piece, { maxLength: 8 }).map((pieces) => `{${pieces.join(',')}}`);
  let read = 0;
  fc.assert(
    fc.property(fc.oneof(changed, members), (payload) => {
      const plainly = readPlainClaims(payload);
      if (plainly === undefined) return;
      read++;
      assert.deepEqual(plainly, strictly(payload));
    }),
    { numRuns: 5_000 },
  );
  assert.ok(read > 10, `only ${read} were read at all`);
});
