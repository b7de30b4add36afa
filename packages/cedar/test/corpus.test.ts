import assert from 'node:assert/strict';
import { test } from 'vitest';
import { type AskAll, loadCedar, type Outcome } from './cedar-under-test.ts';
import { readLines, toPolicy, world } from './corpus.ts';
import { askOfficial } from './official-cedar.ts';
import type { RandomPolicy } from './random-policy.ts';

function outcomeOf(askAll: AskAll, policy: RandomPolicy): string {
  const [{ reasons, errors }] = askAll([policy], world) as [Outcome];
  if (errors.length > 0) return 'errs';
  return reasons.length > 0 ? 'holds' : 'silent';
}

const askOurs = await loadCedar(new URL('../src/', import.meta.url));

test.each(readLines('expressions.txt'))('$expected: $text', ({ expected, text }) => {
  const policy = toPolicy(`permit (principal, action, resource) when { ${text} };`);
  assert.equal(outcomeOf(askOurs, policy), expected);
  assert.equal(outcomeOf(askOfficial, policy), expected, 'the official engine');
});

test.each(readLines('heads.txt'))('$expected: permit ($text)', ({ expected, text }) => {
  const policy = toPolicy(`permit (${text});`);
  assert.equal(outcomeOf(askOurs, policy), expected);
  assert.equal(outcomeOf(askOfficial, policy), expected, 'the official engine');
});

test('all heads in one set: the index finds exactly those that fit, in their order', () => {
  const lines = readLines('heads.txt');
  const [outcome] = askOurs(
    lines.map(({ text }) => toPolicy(`permit (${text});`)),
    world,
  );
  const fitting = lines.flatMap(({ expected }, at) => (expected === 'holds' ? [`p${at}`] : []));
  assert.deepEqual(outcome?.reasons, fitting);
});
