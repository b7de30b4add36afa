import assert from 'node:assert/strict';
import { PolicyTest } from '@surety/contract/lab';
import { test } from 'vitest';
import { openCedar } from '../cedar-engine.ts';
import { runPolicyTests } from './run-policy-tests.ts';

const engine = openCedar();
const policy = {
  text: `
@id("start") permit (principal is Agent, action, resource);
@id("night") @because("Nobody is there.") forbid (principal is Agent, action in Action::"money", resource)
unless { context.facts.hours["08:00-18:00 UTC mon,tue,wed,thu,fri"] };
@id("large") @hold("over 500") permit (principal is Agent, action == Action::"payments.refund", resource)
when { context.facts.at has "/amount" && context.facts.at["/amount"] has number && context.facts.at["/amount"].number.greaterThan(decimal("500.0")) };`,
};
const roles = {
  support: {
    answersFor: '@id("r") permit (principal is Agent, action == Action::"payments.refund", resource);',
    description: '',
  },
};
const refund = { system: 'payments', operation: 'refund', effect: 'money', arguments: { amount: 20 } };
const run = (...tests: object[]) =>
  runPolicyTests(
    { policy, roles },
    tests.map((one) => PolicyTest.parse(one)),
    engine,
  );

test('tests pass when the decision point decides as they say', () => {
  const result = run(
    { name: 'by day', call: refund, expect: 'permit', policy: 'start' },
    {
      name: 'at night',
      given: { at: '2026-01-07T23:00:00Z' },
      call: refund,
      expect: 'deny',
      reason: 'organisation.forbidden',
      policy: 'night',
    },
    { name: 'large', call: { ...refund, arguments: { amount: 501.5 } }, expect: 'hold', policy: 'organisation/large' },
    { name: 'by role', given: { roles: ['support'] }, call: refund, expect: 'permit', policy: 'r' },
    {
      name: 'not by role',
      given: { roles: ['support'] },
      call: { ...refund, operation: 'charge' },
      expect: 'deny',
      reason: 'owner.may_not_answer',
    },
    {
      name: 'nobody asks without may',
      given: { roles: ['support'], requester: {} },
      call: refund,
      expect: 'deny',
      reason: 'requester.may_not',
    },
    {
      name: 'mandate',
      given: { mandate: { permissions: [{ system: 'payments', actions: ['refund'], where: { '/amount': { max: 10 } } }] } },
      call: refund,
      expect: 'deny',
      reason: 'mandate.constraint',
    },
  );
  assert.deepEqual(result, { total: 7, passed: 7, failures: [] });
});

test('a test that fails says what was expected, what came out, and why', () => {
  const result = run(
    { name: 'wrong outcome', call: refund, expect: 'deny' },
    { name: 'wrong reason', given: { at: '2026-01-07T23:00:00Z' }, call: refund, expect: 'deny', reason: 'organisation.silent' },
    { name: 'wrong policy', call: refund, expect: 'permit', policy: 'night' },
    { name: 'no such role', given: { roles: ['nobody'] }, call: refund, expect: 'permit' },
  );
  assert.equal(result.passed, 0);
  assert.deepEqual(
    result.failures.map(({ name, expected }) => [name, expected]),
    [
      ['wrong outcome', 'deny'],
      ['wrong reason', 'deny, organisation.silent'],
      ['wrong policy', 'permit, night'],
      ['no such role', 'permit'],
    ],
  );
  assert.match(result.failures[1]?.found ?? '', /deny, organisation\.forbidden, night/);
  assert.match(result.failures[3]?.because ?? '', /no role nobody/);
});

test('a policy that cannot be read fails every test that expects a permit, and none passes by it', () => {
  const tests = [PolicyTest.parse({ name: 'x', call: refund, expect: 'permit' })];
  assert.equal(runPolicyTests({ policy: { text: 'permit (' }, roles: {} }, tests, engine).passed, 0);
});

test('a test says what happened before, what the task has read, and where values were met', () => {
  const rule = {
    id: 'four-eyes',
    when: { system: 'payments', actions: ['refund'] },
    forbidIf: { happened: { system: 'shop', actions: ['create_vendor'] }, by: 'same_person' as const, within: 'P30D' },
    because: 'who made the vendor does not pay it',
  };
  const text = `${policy.text}
@id("leak") @because("x") forbid (principal is Agent, action in Action::"money", resource)
when { context.facts.labels.contains("customer") && context.facts.from has "/to" && context.facts.from["/to"].contains("untrusted") };`;
  const tests = [
    { name: 'nothing happened', call: refund, expect: 'permit' },
    { name: 'it did', given: { past: { 'four-eyes': 1 } }, call: refund, expect: 'deny', reason: 'history.forbidden' },
    { name: 'read', given: { labels: ['customer'], from: { '/to': 'untrusted' } }, call: refund, expect: 'deny', policy: 'leak' },
    { name: 'read, and known', given: { labels: ['customer'], from: { '/to': 'directory' } }, call: refund, expect: 'permit' },
  ].map((one) => PolicyTest.parse(one));
  assert.deepEqual(runPolicyTests({ policy: { text, rules: [rule] }, roles }, tests, engine).failures, []);
});
