import { readFileSync } from 'node:fs';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { Batch } from './random-batch.ts';
import type { RandomPolicy } from './random-policy.ts';
import type { World } from './random-world.ts';

const read = (name: string): string => readFileSync(new URL(`corpus/${name}`, import.meta.url), 'utf8');

const { entities, request } = JSON.parse(read('world.json')) as {
  entities: World['entities'];
  request: World['requests'][number];
};
export const world: World = { entities, requests: [request] };

/** What one line of the corpus expects. */
export type Line = { readonly expected: string; readonly text: string };

export function readLines(name: string): readonly Line[] {
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
export function toPolicy(text: string): RandomPolicy {
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

/** The corpus as batches: all expressions in one, all heads in one, and each head by itself. */
export function corpusBatches(): readonly Batch[] {
  const expressions = readLines('expressions.txt').map(({ text }) =>
    toPolicy(`permit (principal, action, resource) when { ${text} };`),
  );
  const heads = readLines('heads.txt').map(({ text }) => toPolicy(`permit (${text});`));
  return [expressions, heads, ...heads.map((head) => [head])].map((policies) => ({ policies, world }));
}
