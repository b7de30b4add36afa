import assert from 'node:assert/strict';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { test } from 'vitest';
import { loadCedar } from './cedar-under-test.ts';
import { describe as differenceInWords, findDifferences } from './compare.ts';
import { askOfficial, toOfficial } from './official-cedar.ts';
import { Random } from './random.ts';
import { type Batch, randomBatch } from './random-batch.ts';
import type { RandomPolicy } from './random-policy.ts';
import { firstDifference, prepareSmoke, smokeSeeds } from './smoke.ts';

const askOurs = await loadCedar(new URL('../src/', import.meta.url));

test('random policies, entities and requests: the official engine says the same of every one', () => {
  assert.equal(firstDifference(prepareSmoke(smokeSeeds), askOurs), undefined);
});

test('the form that the official parser makes of the text of a policy means the same', () => {
  for (const seed of [101, 102, 103, 104]) {
    const { policies, world } = randomBatch(new Random(seed));
    const written = policies.flatMap(({ policy, slots }) => {
      const rewritten = throughText(policy);
      return Object.keys(slots).length > 0 || rewritten === undefined ? [] : [{ policy: rewritten, slots, covered: undefined }];
    });
    assert.ok(written.length > 0);
    const batch: Batch = { policies: written, world };
    const [difference] = findDifferences(batch, askOfficial(batch.policies, world), askOurs);
    assert.equal(difference && `seed ${seed}: ${differenceInWords(batch, difference)}`, undefined);
  }
});

/** Undefined for a policy that has no text, or whose integers lose digits on the way. */
function throughText(policy: unknown): RandomPolicy['policy'] | undefined {
  const text = cedar.policyToText(toOfficial(policy) as cedar.PolicyJson);
  if (text.type !== 'success' || /\d{16,}/.test(text.text)) return undefined;
  const answer = cedar.policyToJson(text.text);
  return answer.type === 'success' ? (answer.json as unknown as RandomPolicy['policy']) : undefined;
}
