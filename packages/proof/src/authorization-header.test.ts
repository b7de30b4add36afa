import assert from 'node:assert/strict';
import { test } from 'vitest';
import { readAuthorization } from './authorization-header.ts';
import { refuses } from './testing/forge.ts';

test.each(['DPoP a.b.c', 'dpop a.b.c', 'DPOP a.b.c', 'DPoP   a.b.c'])('%j carries a token', (value) => {
  assert.equal(readAuthorization(value), 'a.b.c');
  assert.equal(readAuthorization([value]), 'a.b.c');
});

test('none is missing', () => {
  refuses('authorization.missing', () => readAuthorization(undefined));
  refuses('authorization.missing', () => readAuthorization([]));
});

test.each(['Bearer a.b.c', 'bearer a.b.c'])('%j is told apart, to be refused as what it is', (value) => {
  refuses('authorization.bearer', () => readAuthorization(value));
});

test.each([
  '',
  'DPoP',
  'DPoP ',
  'a.b.c',
  'DPoP a b',
  'DPoP a,b',
  'DPoP a, DPoP b',
  ' DPoP a',
  'DPoP a ',
  'DPoP\ta',
  'Basic YTpi',
  'DPoP "a"',
  'DPoP a\u0000',
])('%j cannot be read', (value) => {
  refuses('authorization.invalid', () => readAuthorization(value));
});

test('two headers are one too many, whatever they say', () => {
  refuses('authorization.invalid', () => readAuthorization(['DPoP a.b.c', 'DPoP a.b.c']));
  refuses('authorization.invalid', () => readAuthorization(['Bearer a', 'DPoP b']));
});

test('a long header is read in no time', () => {
  const started = performance.now();
  refuses('authorization.invalid', () => readAuthorization(`DPoP ${'='.repeat(1_000_000)}`));
  refuses('authorization.invalid', () => readAuthorization(`DPoP${' '.repeat(1_000_000)}`));
  assert.ok(performance.now() - started < 100);
});
