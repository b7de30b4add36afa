import assert from 'node:assert/strict';
import { test } from 'vitest';
import { type ExpectedFailures, judge } from './judge.ts';
import type { Check, CheckStatus, Findings } from './suite.ts';

const nothing: ExpectedFailures = {
  direct: { '2026-07-28': {}, '2025-11-25': {} },
  guarded: { '2026-07-28': {}, '2025-11-25': {} },
};
const expecting = (scenario: string): ExpectedFailures => ({
  direct: { ...nothing.direct, '2026-07-28': { [scenario]: 'why' } },
  guarded: { ...nothing.guarded, '2026-07-28': { [scenario]: 'why' } },
});
const found = (...statuses: readonly CheckStatus[]): Findings =>
  new Map([['one', statuses.map((status, index): Check => ({ id: `c${index}`, status }))]]);
const complaints = (direct: Findings, guarded: Findings, expected = nothing): string[] => [
  ...judge('2026-07-28', { direct, guarded }, expected).complaints,
];

test('the same both ways is no complaint', () => {
  assert.deepEqual(complaints(found('SUCCESS', 'WARNING'), found('SUCCESS', 'WARNING')), []);
});

test('a failure that nobody expects is', () => {
  assert.equal(complaints(found('FAILURE'), found('FAILURE')).length, 2);
  assert.deepEqual(complaints(found('FAILURE'), found('FAILURE'), expecting('one')), []);
});

test('a check that is worse through the guard, or is not made there, is', () => {
  assert.match(String(complaints(found('SUCCESS', 'SUCCESS'), found('SUCCESS', 'WARNING'))), /worse through the guard: c1/);
  assert.match(String(complaints(found('SUCCESS', 'SUCCESS'), found('SUCCESS'))), /worse through the guard: c1/);
  assert.match(String(complaints(found('SUCCESS'), new Map())), /worse through the guard: c0/);
});

test('an expectation that has become stale is', () => {
  assert.equal(complaints(found('SUCCESS'), found('SUCCESS'), expecting('one')).length, 2);
  assert.equal(complaints(found('SUCCESS'), found('SUCCESS'), expecting('never')).length, 2);
});
