import assert from 'node:assert/strict';
import { fromPlain, isExactRecord } from '@surety/contract/exact-json';
import type { Match } from '@surety/contract/federation';
import fc from 'fast-check';
import { test } from 'vitest';
import { createAddressCheck } from './blocked-address.ts';
import { matchAssertion } from './match-assertion.ts';
import { readSpiffeId } from './spiffe-id.ts';

const matchOf = (claims: Record<string, string>, below: string | null = null): Match => ({
  id: 'mat_1' as Match['id'],
  issuer: 'iss_1' as Match['issuer'],
  claims,
  below,
  agent: 'agt_1' as Match['agent'],
  manifestClaim: null,
  state: 'active',
  createdAt: '',
});

function meets(claims: Record<string, unknown>, ...matches: readonly Match[]): Match | undefined {
  const read = fromPlain(claims);
  assert.ok(isExactRecord(read));
  const subject = typeof claims['sub'] === 'string' ? claims['sub'] : '';
  return matchAssertion({ subject, claims: read }, matches);
}

/** Texts that are near each other: with parts left out, doubled, in other case, or in letters that look alike. */
const near = fc
  .tuple(
    fc.constantFrom('acme/deployer', 'repo:acme/app:ref:refs/heads/main'),
    fc.nat(40),
    fc.nat(40),
    fc.constantFrom('', '/', ' ', '\u0430', 'A', '*', '.*', '\u200b'),
  )
  .map(([text, from, to, put]) => text.slice(0, from) + put + text.slice(Math.min(from, to)));

test('a claim matches what is equal to it and nothing else, whatever comes near', () => {
  fc.assert(
    fc.property(near, near, (value, said) => {
      fc.pre(value !== '');
      assert.equal(meets({ repository: said }, matchOf({ repository: value })) !== undefined, said === value);
    }),
    { numRuns: 5_000 },
  );
});

test('only text matches, and only an own member at exactly that place', () => {
  const nested = matchOf({ '/kubernetes.io/namespace': 'prod' });
  assert.ok(meets({ 'kubernetes.io': { namespace: 'prod' } }, nested));
  for (const claims of [
    { 'kubernetes.io/namespace': 'prod' },
    { '/kubernetes.io/namespace': 'prod' },
    { kubernetes: { io: { namespace: 'prod' } } },
    { 'kubernetes.io': { namespace: ['prod'] } },
    { 'kubernetes.io': { namespace: { prod: true } } },
    { 'kubernetes.io': 'prod' },
    { 'kubernetes.io': null },
  ])
    assert.equal(meets(claims, nested), undefined);
  assert.ok(meets({ 'a/b': { 'c~d': 'x' } }, matchOf({ '/a~1b/c~0d': 'x' })));
  for (const name of ['constructor', '__proto__', '/constructor/name', '/__proto__/x'])
    assert.equal(meets({}, matchOf({ [name]: 'Object' })), undefined);
});

test('an id below a path is a SPIFFE id of that domain that continues the path by a segment', () => {
  const below = 'spiffe://acme.example/batch/';
  const part = fc.constantFrom(
    'spiffe://',
    'acme.example',
    'evil.example',
    '/',
    'batch',
    'batches',
    '..',
    '.',
    '7',
    'BATCH',
    '%2e',
    '?',
    '#',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const id = readSpiffeId(parts.join(''))?.id;
      if (id === undefined) return;
      assert.equal(readSpiffeId(id)?.id, id);
      const [, , domain, first, ...rest] = id.split('/');
      const isBelow = domain === 'acme.example' && first === 'batch' && rest.length > 0;
      assert.equal(meets({ sub: id }, matchOf({}, below)) !== undefined, isBelow, id);
      assert.ok(
        !id
          .split('/')
          .slice(3)
          .some((segment) => ['', '.', '..'].includes(segment)),
      );
    }),
    { numRuns: 5_000 },
  );
});

test('no address of an inner network is reached from outside, in whichever of its IPv6 clothes', () => {
  const isBlocked = createAddressCheck();
  const byte = fc.nat(255);
  const inner = fc.oneof(
    fc.tuple(fc.constant(10), byte, byte, byte),
    fc.tuple(fc.constant(127), byte, byte, byte),
    fc.tuple(fc.constant(169), fc.constant(254), byte, byte),
    fc.tuple(fc.constant(192), fc.constant(168), byte, byte),
  );
  fc.assert(
    fc.property(inner, (ip) => {
      const hex = (at: number) => (((ip[at] ?? 0) << 8) | (ip[at + 1] ?? 0)).toString(16);
      const clothes = [
        ip.join('.'),
        `::ffff:${ip.join('.')}`,
        `::${hex(0)}:${hex(2)}`,
        `64:ff9b::${hex(0)}:${hex(2)}`,
        `2002:${hex(0)}:${hex(2)}::1`,
      ];
      for (const text of clothes) assert.equal(isBlocked(text, false), true, text);
    }),
  );
});
