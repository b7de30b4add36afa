import assert from 'node:assert/strict';
import { type Decision, reasons, type Reason } from '@surety/contract/decision';
import fc from 'fast-check';
import { test } from 'vitest';
import { deniedText } from './refusal.ts';

const textOf = (answer: string): string =>
  (JSON.parse(answer) as { result: { content: [{ text: string }] } }).result.content[0].text;

test('a denial is at most 400 characters for every reason, name and sentence, and ends with what not to do', () => {
  const reason = fc.constantFrom(...(Object.keys(reasons) as Reason[]));
  fc.assert(
    fc.property(reason, fc.string({ maxLength: 2_000 }), fc.string({ maxLength: 200 }), (why, because, operation) => {
      const decision: Decision = { outcome: 'deny', reason: why, link: 'mandate', policies: [], because, conditions: [] };
      const text = textOf(
        deniedText(
          { id: 1, era: 'stateless', operation, isTool: true },
          { kind: 'refused', actionId: `act_${'0'.repeat(26)}`, decision },
        ),
      );
      assert.ok(text.length <= 400);
      assert.ok(text.startsWith('Denied: '));
      assert.ok(text.endsWith('Do not retry with other arguments to get around this.'));
    }),
  );
});
