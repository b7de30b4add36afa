import assert from 'node:assert/strict';
import type { Limit } from '@surety/contract/limits';
import * as fc from 'fast-check';
import { test } from 'vitest';
import type * as z from 'zod';
import { aDocument } from '../test/a-call.ts';
import { diffMandates } from './diff-mandates.ts';

const refund = { system: 'payments', actions: ['refund'] };
const limit: z.input<typeof Limit> = {
  of: [refund],
  measure: { sum: '/amount', unit: { is: 'EUR' } },
  max: 250,
  per: 'agent',
  within: 'P30D',
};

test('every change is a sentence, and the same says nothing', () => {
  const before = aDocument({
    permissions: [
      { ...refund, where: { '/amount': { max: 250 }, '/currency': { in: ['EUR'] } } },
      { system: 'crm', actions: ['read'] },
    ],
    limits: [limit, { of: [refund], measure: 'count', max: 3, per: 'task' }],
    maxDepth: 1,
  });
  assert.deepEqual(diffMandates(before, before), []);
  assert.deepEqual(diffMandates(undefined, before), []);
  const after = aDocument({
    purpose: 'Refunds more',
    autonomy: 'propose',
    expiresAt: '2027-01-31T00:00:00Z',
    permissions: [
      {
        ...refund,
        where: { '/amount': { max: 500 }, '/currency': { in: ['EUR'] } },
        hold: [{ when: { '/amount': { over: 100 } }, because: 'large' }],
      },
      { system: 'mail', actions: ['send'] },
    ],
    limits: [
      { ...limit, max: 900, exceed: 'hold' },
      { of: [{ ...refund, where: { '/region': { in: ['EU'] } } }], measure: 'pace', max: 10, per: 'owner', within: 'PT1M' },
    ],
    passesOn: false,
  });
  assert.deepEqual(diffMandates(before, after), [
    'Changed: the purpose is "Refunds more", and was "Refunds what customers return".',
    'Changed: asks a person before everything but reading (propose); before, acts by itself within these limits (act).',
    'Changed: ends later, 31 Jan 2027 00:00 UTC and not 31 Dec 2026 00:00 UTC.',
    'Changed: payments.refund: now only when /amount is at most 500 and asks a person when /amount is more than 100 ("large"); no longer only when /amount is at most 250.',
    'New: May call mail.send.',
    'Gone: May call crm.read.',
    'Changed: May call payments.refund up to 900 EUR in total (/amount) in any 30 days, counting what is done for it; more asks a person. Before: May call payments.refund up to 250 EUR in total (/amount) in any 30 days, counting what is done for it; more is refused.',
    'New limit: May begin to call payments.refund where /region is "EU" up to 10 times, whatever comes of it, in any minute, counting all agents of its owner; more is refused.',
    'Gone, a limit: May call payments.refund up to 3 times in one task, counting what is done for it; more is refused.',
    'Changed: may not pass on what it may do itself.',
    'Changed: at most 4 hops may hang below it, and not 1.',
  ]);
});

test('documents that say otherwise never compare as the same', () => {
  const max = fc.constantFrom('1', '2', '250');
  const permission = fc.record({
    system: fc.constantFrom('a', 'b'),
    actions: fc.constantFrom(['x'], ['x', 'y'], ['*']),
    where: fc.record({ '/n': fc.record({ max }) }),
  });
  const limited = fc.record({
    of: fc.constantFrom([refund], [{ system: '*', actions: ['*'] }]),
    measure: fc.constantFrom('count' as const, 'pace' as const),
    max,
    per: fc.constantFrom('agent' as const, 'owner' as const),
    within: fc.constantFrom('P1D', 'PT1H'),
  });
  const document = fc
    .record({
      permissions: fc.array(permission, { maxLength: 3 }),
      limits: fc.array(limited, { maxLength: 2 }),
      autonomy: fc.constantFrom('act' as const, 'propose' as const),
    })
    .map((changes) => aDocument(changes as never));
  const sortedText = (one: ReturnType<typeof aDocument>) =>
    JSON.stringify([
      one.autonomy,
      one.permissions.map((p) => JSON.stringify(p)).toSorted(),
      (one.limits ?? []).map((l) => JSON.stringify(l)).toSorted(),
    ]);
  fc.assert(
    fc.property(document, document, (one, other) => {
      assert.deepEqual(diffMandates(one, one), []);
      if (sortedText(one) !== sortedText(other)) assert.notDeepEqual(diffMandates(one, other), []);
    }),
    { numRuns: 500 },
  );
});
