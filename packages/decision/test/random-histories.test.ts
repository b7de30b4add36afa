import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { openCedar } from '../src/cedar-engine.ts';
import { openPool } from './check-chains.ts';
import { checkHistories } from './check-histories.ts';
import { recordMistakes } from './chain-records.ts';

const engine = openCedar();
const seed = 20_261;
const kept = new Map([[seed, openPool(engine, seed)]]);

test('nothing that has ended, in whatever order it came, leaves a chain what one of its links is not (1,500 of the million)', () => {
  const { different, outcomes, ended, events, allowedAgain } = checkHistories(engine, { seed, chains: 1_500, kept });
  assert.deepEqual(different, []);
  assert.ok((outcomes['permit'] ?? 0) > 500, JSON.stringify(outcomes));
  assert.ok(allowedAgain > 20, `what takes something away may give it again: ${allowedAgain}`);
  for (const event of [
    'mandate ended',
    'mandate given',
    'agent gone',
    'owner gone',
    'task',
    'key',
    'clock',
    'requester gone',
    'roles',
    'organisation',
  ])
    assert.ok((ended[event] ?? 0) > 0, `${event} ends what was allowed: ${JSON.stringify(ended)}`);
  assert.ok((events['handed on meanwhile'] ?? 0) > 100);
});

describe('records with a mistake planted in them are found out', () => {
  for (const mistake of recordMistakes) {
    test(`${mistake}`, () => {
      const { different } = checkHistories(engine, { seed, chains: 4_000, kept, mistake });
      assert.ok(different.length > 0);
    });
  }
});
