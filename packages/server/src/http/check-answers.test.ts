import assert from 'node:assert/strict';
import { routes } from '@surety/contract/routes';
import { test } from 'vitest';
import type { AnyAnswer } from '#kernel/answer';
import { checkAnswers } from './check-answers.ts';

const all: readonly AnyAnswer[] = routes.map((route) => ({ route, act: async () => ({}) }));

test('a house with one answer for every route opens', () => {
  checkAnswers(all);
});

test('a house with a route that nobody answers, or two answer, or that is not in the contract, does not open', () => {
  const [first] = all;
  assert.ok(first);
  assert.throws(() => checkAnswers(all.slice(1)), new RegExp(`${first.route.name} has no answer`));
  assert.throws(() => checkAnswers([...all, first]), new RegExp(`${first.route.name} has 2 answers`));
  const other = { ...first, route: { ...first.route, name: 'other' } };
  assert.throws(() => checkAnswers([...all, other]), /other is no route of the contract/);
  assert.throws(() => checkAnswers([...all.slice(1), { ...first, route: { ...first.route } }]), /is no route of the contract/);
});
