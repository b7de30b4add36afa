import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { aCall, aDocument, agentId, args, type CallChanges, now, permitAll } from '../test/a-call.ts';
import { digestCall } from './call-digest.ts';
import type { GivenApproval } from './call-facts.ts';
import { openCedar } from './cedar-engine.ts';
import { decide } from './decide.ts';

const engine = openCedar();
const decided = (changes: CallChanges = {}) => decide(aCall(engine, changes), engine);
const base = aCall(engine);

const within = aDocument({
  permissions: [
    {
      system: 'payments',
      actions: ['refund'],
      where: { '/amount': { max: '250' }, '/currency': { in: ['EUR', 'USD'] } },
      hold: [{ when: { '/amount': { over: '100' } }, because: 'Larger refunds need a look.' }],
    },
  ],
});

describe('holds', () => {
  const given150 = { amount: 150, currency: 'EUR' };
  test('a rule of the mandate asks a person', () => {
    const decision = decided({ document: within, arguments: given150 });
    assert.deepEqual(
      [decision.outcome, decision.reason, decision.link, decision.policies],
      ['hold', 'held.mandate', 'mandate', ['mandate:man_1/p1/h1']],
    );
    assert.equal(decision.because, 'Larger refunds need a look.');
    assert.deepEqual(decision.conditions, [{ link: 'mandate', holds: true, text: '/amount is more than 100', found: '150' }]);
    assert.equal(decided({ document: within, arguments: { amount: 100, currency: 'EUR' } }).outcome, 'permit');
  });
  test('a number left out or given as text does not get around a rule', () => {
    const document = aDocument({
      permissions: [
        { system: 'payments', actions: ['refund'], hold: [{ when: { '/amount': { over: 100 } }, because: 'Large.' }] },
      ],
    });
    for (const given of [
      '{}',
      '{"amount":"420"}',
      '{"amount":null}',
      '{"amount":1e20}',
      '{"amount":0.123456}',
      '{"amount":[420]}',
      '{"amount":true}',
    ]) {
      assert.equal(decided({ document, arguments: given }).outcome, 'hold', given);
    }
    assert.equal(decided({ document, arguments: '{"amount":99.9999}' }).outcome, 'permit');
  });
  test('a flag left out is plainly not set; one of another type is not', () => {
    const document = aDocument({
      permissions: [
        { system: 'payments', actions: ['refund'], hold: [{ when: { '/force': { in: [true] } }, because: 'Forced.' }] },
      ],
    });
    assert.equal(decided({ document, arguments: {} }).outcome, 'permit');
    assert.equal(decided({ document, arguments: { force: false } }).outcome, 'permit');
    for (const force of [true, 'true', 1, null])
      assert.equal(decided({ document, arguments: { force } }).outcome, 'hold', String(force));
  });
  test('a rule without conditions always asks', () => {
    const document = aDocument({ permissions: [{ system: 'payments', actions: ['refund'], hold: [{ because: 'Always.' }] }] });
    assert.equal(decided({ document }).because, 'Always.');
  });
  test('@hold in the policy of the organisation asks, permits nothing, and a denial comes first', () => {
    const hold =
      '@id("four-eyes") @hold("Money needs a second person.") permit (principal, action in Action::"money", resource);';
    const decision = decided({ organisation: `${permitAll} ${hold}` });
    assert.deepEqual(
      [decision.outcome, decision.reason, decision.because],
      ['hold', 'held.organisation', 'Money needs a second person.'],
    );
    assert.deepEqual(decision.policies, ['organisation/four-eyes']);
    assert.equal(decided({ organisation: hold }).reason, 'organisation.silent');
    assert.equal(
      decided({ organisation: `${permitAll} ${hold} forbid (principal, action, resource);` }).reason,
      'organisation.forbidden',
    );
    assert.equal(decided({ organisation: `${permitAll} ${hold}`, operation: { effect: 'read' } }).outcome, 'permit');
  });
  test('@hold on a forbid asks as well', () => {
    assert.equal(
      decided({ organisation: `${permitAll} @hold("Look.") forbid (principal, action, resource);` }).reason,
      'held.organisation',
    );
  });
  test('a hold that errs denies', () => {
    assert.equal(
      decided({ organisation: `${permitAll} @hold("Look.") permit (principal, action, resource) when { context.args.a > 1 };` })
        .reason,
      'policy.error',
    );
  });
  test('every reason to ask is said, the mandate first', () => {
    const decision = decided({
      document: within,
      arguments: given150,
      organisation: `${permitAll} @id("o") @hold("Money needs a second person.") permit (principal, action, resource);`,
    });
    assert.equal(decision.because, 'Larger refunds need a look; Money needs a second person.');
    assert.deepEqual(decision.policies, ['mandate:man_1/p1/h1', 'organisation/o']);
  });
});

describe('a yes', () => {
  const call = { document: within, arguments: { amount: 150, currency: 'EUR' } };
  const yes: GivenApproval = {
    id: 'apr_1',
    state: 'approved',
    callDigest: digestCall({ agent: agentId, system: 'payments', operation: 'refund', arguments: args(call.arguments) }),
    effect: 'money',
    definition: 'definition-1',
    mandateVersion: 3,
    policyVersion: 7,
    validUntilMs: now + 1,
  };
  const given = (approval: GivenApproval, changes: CallChanges = {}) =>
    decided({ ...call, ...changes, facts: { ...changes.facts, approval } });

  test('for exactly this call turns the hold into a permit', () => {
    assert.deepEqual([given(yes).outcome, given(yes).reason, given(yes).link], ['permit', 'approved', 'approval']);
    assert.equal(
      given(yes, { arguments: '{"currency":"EUR","amount":150.0}' }).reason,
      'approved',
      'the same value written otherwise is the same call',
    );
  });
  const others: readonly [string, Partial<GivenApproval>, CallChanges][] = [
    ['another amount', {}, { arguments: { amount: 151, currency: 'EUR' } }],
    ['one more argument', {}, { arguments: { amount: 150, currency: 'EUR', note: '' } }],
    [
      'the amount as text is another call, and outside',
      {},
      {
        document: aDocument({ permissions: [{ system: 'payments', actions: ['refund'], hold: [{ because: 'Always.' }] }] }),
        arguments: { amount: '150', currency: 'EUR' },
      },
    ],
    ['another definition of the operation', { definition: 'definition-0' }, {}],
    ['another effect', { effect: 'write' }, {}],
    ['another version of the mandate', { mandateVersion: 2 }, {}],
    ['another version of the policy', { policyVersion: 6 }, {}],
    ['another call', { callDigest: 'x' }, {}],
  ];
  for (const [says, approval, changes] of others) {
    test(`says nothing about ${says}`, () => assert.equal(given({ ...yes, ...approval }, changes).outcome, 'hold'));
  }
  test('that is refused, used or too late denies', () => {
    assert.equal(given({ ...yes, state: 'refused' }).reason, 'approval.refused');
    assert.equal(given({ ...yes, state: 'used' }).reason, 'approval.used');
    assert.equal(given({ ...yes, state: 'expired' }).reason, 'approval.expired');
    assert.equal(given({ ...yes, validUntilMs: now }).reason, 'approval.expired');
    assert.equal(given({ ...yes, validUntilMs: null }).reason, 'approval.expired');
    assert.equal(given({ ...yes, state: 'pending' }).outcome, 'hold');
  });
  test('lifts no denial', () => {
    assert.equal(given(yes, { organisation: '' }).reason, 'organisation.silent');
    assert.equal(given(yes, { roles: {} }).reason, 'owner.may_not_answer');
    assert.equal(given(yes, { facts: { agent: { ...base.agent!, state: 'suspended' } } }).reason, 'agent.not_active');
  });
});
