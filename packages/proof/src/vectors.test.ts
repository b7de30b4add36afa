import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'vitest';
import { hashAccessToken, verifyDpopProof } from './dpop.ts';
import { importPublicKey } from './jwk.ts';
import { createNonceSource } from './nonce.ts';
import { ProofError } from './proof-error.ts';

/** RFC 9449 §4.1 and §7.1: the key of the examples, the proof of the token request, the access token and its hash. */
const jwk = {
  kty: 'EC',
  x: 'l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs',
  y: '9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA',
  crv: 'P-256',
};
const proof = [
  'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQV',
  'dCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRj',
  'IiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0z',
  'drj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg',
].join('');
const thumbprint = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I';
const at = 1_562_262_616_000;

test('RFC 7638: the thumbprint of the key of RFC 9449, and of the Ed25519 key of RFC 8037', () => {
  assert.equal(importPublicKey(jwk).jkt, thumbprint);
  const okp = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
  assert.equal(importPublicKey(okp).jkt, 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
});

test('RFC 9449 §4.1: the proof of the example verifies at its time and place, and nowhere else', () => {
  const nonce = { required: false, nonces: createNonceSource(Buffer.alloc(32)) } as const;
  const place = { headerValues: [proof], method: 'POST', url: 'https://server.example.com/token', now: at, nonce };
  const verified = verifyDpopProof(place);
  assert.deepEqual([verified.jkt, verified.jti], [thumbprint, '-BwC3ESc6acc2lTc']);
  for (const other of [
    { method: 'GET' },
    { url: 'https://server.example.com/token2' },
    { url: 'http://server.example.com/token' },
    { now: at + 61_000 },
    { now: at - 61_000 },
    { headerValues: [`${proof.slice(0, -1)}h`] },
    { headerValues: [proof, proof] },
  ])
    assert.throws(() => verifyDpopProof({ ...place, ...other }), ProofError, JSON.stringify(other));
});

test('RFC 9449 §7.1: the hash of the access token of the example', () => {
  const token = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU';
  assert.equal(hashAccessToken(token), 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo');
  assert.equal(hashAccessToken(token), createHash('sha256').update(token).digest('base64url'));
});
