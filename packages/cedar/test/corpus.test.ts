import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { test } from 'vitest';
import { type AskAll, loadCedar, type Outcome } from './cedar-under-test.ts';
import { askOfficial } from './official-cedar.ts';
import type { RandomPolicy } from './random-policy.ts';
import type { World } from './random-world.ts';

const read = (name: string): string => readFileSync(new URL(`corpus/${name}`, import.meta.url), 'utf8');

const { entities, request } = JSON.parse(read('world.json')) as {
  entities: World['entities'];
  request: World['requests'][number];
};
const world: World = { entities, requests: [request] };

type Line = { readonly expected: string; readonly text: string };

function readLines(name: string): readonly Line[] {
  const lines = read(name)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [, expected, text] = /^(holds|silent|errs) +(.*)$/.exec(line) ?? [];
    if (expected === undefined || text === undefined) throw new Error(`no case: ${line}`);
    return { expected, text };
  });
}

/** As the official parser gives it, where large integers lose digits: they are put back as they follow each other in the text. */
function toPolicy(text: string): RandomPolicy {
  const answer = cedar.policyToJson(text);
  if (answer.type !== 'success') throw new Error(`${text}: ${answer.errors[0]?.message}`);
  const digits = [...text.matchAll(/-?\b\d{16,}\b/g)].map(([found]) => BigInt(found));
  const exact = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(exact);
    if (typeof value === 'number' && !Number.isSafeInteger(value)) return digits.shift();
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, exact(member)]));
  };
  return { policy: exact(answer.json) as RandomPolicy['policy'], slots: {}, covered: undefined };
}

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
