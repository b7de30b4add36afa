import assert from 'node:assert/strict';
import { test } from 'vitest';
import { checkIssuer } from './issuer.ts';

const ours = { ours: 'https://surety.example', allowLoopback: false };
const plain = { kind: 'github', issuer: 'https://token.example', keys: { from: 'discovery' }, algs: ['RS256'] } as const;

test('what an administrator may trust: https, a host, nothing that hides where it leads, and never ourselves', () => {
  checkIssuer(plain, ours);
  checkIssuer({ ...plain, issuer: 'https://token.example/Realm/a' }, ours);
  for (const issuer of [
    'http://token.example',
    'http://127.0.0.1:9',
    'https://user@token.example',
    'https://TOKEN.example',
    'https://token.example?x=1',
    'https://token.example#x',
    'https://surety.example',
    'https://surety.example/',
    'spiffe://token.example',
  ])
    assert.throws(() => checkIssuer({ ...plain, issuer }, ours), { code: 'issuer.refused' }, issuer);
  assert.throws(() => checkIssuer({ ...plain, keys: { from: 'jwks', url: 'http://token.example/keys' } }, ours), {
    code: 'issuer.refused',
  });
});

test('a trust domain has its own algorithms and a bundle', () => {
  const mesh = {
    kind: 'spiffe',
    issuer: 'spiffe://acme.example',
    keys: { from: 'bundle', url: 'https://mesh.example/b' },
    algs: ['ES256'],
  } as const;
  checkIssuer(mesh, ours);
  assert.throws(() => checkIssuer({ ...mesh, algs: ['EdDSA'] }, ours), { code: 'issuer.refused' });
  assert.throws(() => checkIssuer({ ...mesh, keys: { from: 'discovery' } }, ours), { code: 'issuer.refused' });
  assert.throws(() => checkIssuer({ ...mesh, issuer: 'https://acme.example' }, ours), { code: 'issuer.refused' });
});
