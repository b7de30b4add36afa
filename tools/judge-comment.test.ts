import assert from 'node:assert/strict';
import { test } from 'vitest';
import { judgeComment } from './judge-comment.ts';

const judge = (text: string): string[] => judgeComment('a.ts', { kind: 'comment', text, line: 10 });

test.each([
  '// Standards, algorithms and our own cases are names: RFC 9449 §8, SHA-256, UTF-8, P-256, ADR-0004, SP 800-63, TX-09, AP-06, C2SP.',
  '// MCP 2026-07-28 and 2025-11-25 differ here.',
  '/** An instant, such as 2030-01-31T10:00:00Z. */',
  '// oxlint-disable-next-line no-control-regex -- control characters are what this refuses',
  '// @ts-expect-error the body is wrong on purpose',
  '// Holds while the token is no longer than five minutes old.',
])('passes: %s', (comment) => {
  assert.deepEqual(judge(comment), []);
});

test.each([
  [`// TO${'DO'} finish`, /finish it/],
  ['// see PROJ-123', /ticket/],
  ['// Q1-SD1 settled this', /ticket/],
  ['// fixes #451', /ticket/],
  [`/** @auth${'or'} somebody */`, /names nobody/],
  ['// decided in November 2026', /date/],
  ['// decided on 2026-11-25', /date/],
  ['// good enough for now', /what is/],
  ['// oxlint-disable-next-line no-console', /reason/],
  ['// oxlint-disable-next-line no-console -- x', /reason/],
  ['// @ts-expect-error', /reason/],
  [`// @ts-ig${'nore'} because`, /ts-expect-error/],
] as const)('refuses: %s', (comment, says) => {
  const found = judge(comment);
  assert.equal(found.length, 1, found.join('\n'));
  assert.match(found[0] ?? '', says);
});

test('the line inside a long comment is named', () => {
  assert.match(judge('/*\n * see PROJ-123\n */')[0] ?? '', /^a\.ts:11: /);
});
