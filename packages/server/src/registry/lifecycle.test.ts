import assert from 'node:assert/strict';
import { PrincipalState } from '@surety/contract/agent';
import { HumanState } from '@surety/contract/human';
import fc from 'fast-check';
import { test } from 'vitest';
import { mayEnrol, mayMove, moveHumanTo, moveTo } from './lifecycle.ts';

const states = PrincipalState.options;

test('the life of an agent is exactly these moves', () => {
  const moves = states.flatMap((from) => states.filter((to) => mayMove(from, to)).map((to) => `${from} → ${to}`));
  assert.deepEqual(moves, [
    'draft → active',
    'draft → retired',
    'active → suspended',
    'active → retired',
    'suspended → active',
    'suspended → retired',
  ]);
});

test('a move to where it is already gives back the very same object', () => {
  for (const state of states) {
    const one = { state, revision: 3 };
    assert.equal(moveTo(one, state), one);
  }
});

test('a move counts the revision up by one', () => {
  assert.deepEqual(moveTo({ state: 'draft', revision: 1 }, 'active'), { state: 'active', revision: 2 });
});

test('whatever is tried in whatever order, nothing comes back from retired, and nothing returns to draft', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...states), { maxLength: 30 }), (attempts) => {
      let one: { readonly state: PrincipalState; readonly revision: number } = { state: 'draft', revision: 1 };
      for (const to of attempts) {
        const before = one;
        try {
          one = moveTo(one, to);
        } catch (thrown) {
          assert.equal((thrown as { code: string }).code, 'agent.move_refused');
        }
        if (before.state === 'retired') assert.equal(one.state, 'retired');
        if (before.state !== 'draft') assert.notEqual(one.state, 'draft');
        assert.ok(one.state === before.state || mayMove(before.state, one.state));
      }
    }),
  );
});

test('a person who left comes back as active and in no other way', () => {
  assert.equal(moveHumanTo('left', 'active'), 'active');
  assert.throws(() => moveHumanTo('left', 'suspended'), { code: 'human.not_active' });
  assert.equal(HumanState.options.length, 3);
});

test('keys are enrolled before a life begins and while it lasts, not in a pause or after the end', () => {
  assert.deepEqual(states.filter(mayEnrol), ['draft', 'active']);
  assert.deepEqual(HumanState.options.filter(mayEnrol), ['active']);
});
