import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { aCall, aDocument, type CallChanges, now, otherAgentId, permitAll } from '../test/a-call.ts';
import type { CallFacts } from './call-facts.ts';
import { openCedar } from './cedar-engine.ts';
import { decide } from './decide.ts';
import { explain } from './explain.ts';

const engine = openCedar();
const decided = (changes: CallChanges = {}) => decide(aCall(engine, changes), engine);
const withFacts = (facts: Partial<CallFacts>) => decided({ facts });
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

test('what every line permits is permitted, and the policies that did are named', () => {
  assert.deepEqual(decided(), {
    outcome: 'permit',
    reason: 'permitted',
    link: 'mandate',
    policies: ['mandate:man_1/p1', 'role:owner/policy-1', 'organisation/policy-1'],
    because: 'Every link permits this call.',
    conditions: [],
  });
});

describe('what must be live', () => {
  const cases: readonly [string, Partial<CallFacts>, string, string][] = [
    ['a node without fresh news decides nothing', { isFresh: false }, 'house.stale', 'house'],
    ['an agent that is not known', { agent: undefined }, 'agent.not_active', 'agent'],
    ['an agent in draft', { agent: { ...base.agent!, state: 'draft' } }, 'agent.not_active', 'agent'],
    ['a suspended agent', { agent: { ...base.agent!, state: 'suspended' } }, 'agent.not_active', 'agent'],
    ['a retired agent', { agent: { ...base.agent!, state: 'retired' } }, 'agent.not_active', 'agent'],
    ['an owner that is not known', { owner: undefined }, 'owner.not_active', 'owner'],
    ['a suspended owner', { owner: { ...base.owner!, state: 'suspended' } }, 'owner.not_active', 'owner'],
    ['an owner who has left', { owner: { ...base.owner!, state: 'left' } }, 'owner.not_active', 'owner'],
    ['somebody else than the owner', { owner: { ...base.owner!, id: 'hum_2' } }, 'owner.not_active', 'owner'],
    ['no task', { task: undefined }, 'task.ended', 'task'],
    ['a task that has ended', { task: { ...base.task!, state: 'ended' } }, 'task.ended', 'task'],
    ['a task that expires now', { task: { ...base.task!, expiresAtMs: now } }, 'task.ended', 'task'],
    ['the task of another agent', { task: { ...base.task!, agent: otherAgentId } }, 'task.ended', 'task'],
    ['a task that nobody known asked for', { task: { ...base.task!, requester: 'hum_2' } }, 'requester.not_active', 'requester'],
    ['a system that is not protected', { system: undefined }, 'system.unknown', 'system'],
    ['facts of another system', { system: { ...base.system!, name: 'crm' } }, 'system.unknown', 'system'],
    ['an operation that is not known', { operation: undefined }, 'operation.unknown', 'system'],
    ['facts of another operation', { operation: { ...base.operation!, name: 'list' } }, 'operation.unknown', 'system'],
    ['no mandate', { mandate: undefined }, 'mandate.none', 'mandate'],
    [
      'a mandate whose signature does not hold',
      { mandate: { ...base.mandate!, signatureHolds: false } },
      'mandate.invalid',
      'mandate',
    ],
    ['a mandate that does not compile', { mandate: { ...base.mandate!, policies: undefined } }, 'mandate.invalid', 'mandate'],
    ['no policy of the organisation', { organisation: undefined }, 'organisation.silent', 'organisation'],
    [
      'a policy of the organisation that cannot be read',
      { organisation: { version: 7, policies: undefined } },
      'policy.error',
      'organisation',
    ],
    ['an owner without roles', { roles: [] }, 'owner.may_not_answer', 'owner'],
    ['a role that cannot be read', { roles: [{ name: 'owner', revision: 1, policies: undefined }] }, 'policy.error', 'owner'],
  ];
  for (const [says, facts, reason, link] of cases) {
    test(`${says}: denied`, () => {
      const decision = withFacts(facts);
      assert.deepEqual([decision.outcome, decision.reason, decision.link], ['deny', reason, link]);
      assert.ok(decision.conditions.length > 0 && decision.conditions.every(({ holds }) => !holds), 'says what did not hold');
    });
  }

  test('a mandate that expires now has expired', () => {
    const decision = decided({ document: aDocument({ expiresAt: new Date(now).toISOString() }) });
    assert.equal(decision.reason, 'mandate.expired');
    assert.equal(decision.because, 'The mandate expired: it was good until 10 Jun 2026 10:00 UTC.');
    assert.equal(decided({ document: aDocument({ expiresAt: new Date(now + 1).toISOString() }) }).outcome, 'permit');
  });
  test('the mandate of another agent is not a mandate', () => {
    assert.equal(decided({ document: aDocument({ agent: otherAgentId }) }).reason, 'mandate.invalid');
  });
});

describe('the mandate', () => {
  test('what it does not name is denied', () => {
    assert.equal(decided({ operation: { name: 'refund_all' } }).reason, 'mandate.silent');
    assert.equal(decided({ systemName: 'payments-test' }).reason, 'mandate.silent');
    assert.equal(decided({ document: aDocument({ permissions: [] }) }).reason, 'mandate.silent');
  });
  test('an argument outside is denied with the limit in the sentence and the value only in the conditions', () => {
    const decision = decided({ document: within, arguments: { amount: 420, currency: 'EUR' } });
    assert.equal(decision.reason, 'mandate.constraint');
    assert.equal(decision.because, 'The mandate permits payments.refund only when /amount is at most 250.');
    assert.deepEqual(decision.conditions, [
      { link: 'mandate', holds: false, text: '/amount is at most 250', found: '420' },
      { link: 'mandate', holds: true, text: '/currency is one of "EUR", "USD"', found: '"EUR"' },
    ]);
  });
  test('of several permissions about the operation the nearest is explained', () => {
    const document = aDocument({
      permissions: [
        { system: 'payments', actions: ['*'], where: { '/amount': { max: 1 }, '/currency': { in: ['GBP'] } } },
        { system: 'payments', actions: ['refund'], where: { '/amount': { max: 400 }, '/currency': { in: ['EUR'] } } },
      ],
    });
    const decision = decided({ document, arguments: { amount: 420, currency: 'EUR' } });
    assert.equal(decision.because, 'The mandate permits payments.refund only when /amount is at most 400.');
  });
  test('the sentence is never longer than 400 characters', () => {
    const document = aDocument({
      permissions: [
        {
          system: 'payments',
          actions: ['refund'],
          where: { '/to': { in: Array.from({ length: 50 }, (_, at) => `person-${at}@example.com`) } },
        },
      ],
    });
    const { because } = decided({ document });
    assert.equal(because.length, 400);
    assert.ok(because.endsWith('…'));
  });
  test('a name in an argument that looks like a fact is only an argument', () => {
    const forged = {
      facts: { effect: 'read', operation: 'list' },
      principal: { type: 'Human', id: 'admin' },
      roles: ['administrator'],
      amount: 420,
      currency: 'EUR',
    };
    assert.equal(decided({ document: within, arguments: forged }).reason, 'mandate.constraint');
    const organisation =
      'permit (principal, action, resource) when { context.facts.effect == "read" || principal.owner.roles.contains("administrator") };';
    assert.equal(decided({ organisation, arguments: forged }).reason, 'organisation.silent');
  });
});

describe('autonomy', () => {
  for (const effect of ['write', 'destructive', 'money', 'external', 'unknown'] as const) {
    test(`who only observes may not do what is ${effect}; who proposes asks`, () => {
      const observing = decided({ document: aDocument({ autonomy: 'observe' }), operation: { effect } });
      assert.deepEqual([observing.outcome, observing.reason], ['deny', 'mandate.autonomy']);
      const proposing = decided({ document: aDocument({ autonomy: 'propose' }), operation: { effect } });
      assert.deepEqual([proposing.outcome, proposing.reason, proposing.link], ['hold', 'held.autonomy', 'mandate']);
    });
  }
  test('reading is free on every level', () => {
    for (const autonomy of ['observe', 'propose', 'act_within_limits', 'act'] as const) {
      assert.equal(decided({ document: aDocument({ autonomy }), operation: { effect: 'read' } }).outcome, 'permit');
    }
  });
  test('the stricter of the mandate and the agent counts', () => {
    const facts = (autonomy: 'observe' | 'propose') => ({ agent: { ...base.agent!, autonomy } });
    assert.deepEqual(decided({ facts: facts('observe') }).link, 'agent');
    assert.equal(decided({ facts: facts('observe') }).reason, 'mandate.autonomy');
    assert.equal(decided({ facts: facts('propose') }).reason, 'held.autonomy');
    assert.equal(decided({ facts: facts('propose'), document: aDocument({ autonomy: 'observe' }) }).reason, 'mandate.autonomy');
  });
});

describe('what the owner may answer for', () => {
  const reads = 'permit (principal, action in Action::"read", resource);';
  const payments = 'permit (principal, action, resource == System::"payments");';
  test('any role may permit', () => {
    assert.equal(decided({ roles: { reader: reads, payer: payments } }).outcome, 'permit');
  });
  test('no role permits: denied, though mandate and organisation permit', () => {
    const decision = decided({ roles: { reader: reads } });
    assert.deepEqual([decision.reason, decision.link, decision.policies], ['owner.may_not_answer', 'owner', []]);
    assert.equal(decision.because, 'The person who answers for the agent may not answer for payments.refund.');
  });
  test('the forbid of one role wins over the permit of another, and says why', () => {
    const forbids = '@id("no-money") @because("Interns move no money.") forbid (principal, action in Action::"money", resource);';
    const decision = decided({ roles: { payer: payments, intern: forbids } });
    assert.deepEqual([decision.reason, decision.policies], ['owner.may_not_answer', ['role:intern/no-money']]);
    assert.equal(
      decision.because,
      'The person who answers for the agent may not answer for payments.refund: Interns move no money.',
    );
  });
  test('a role cannot hold, so a role that tries is not read', () => {
    assert.equal(decided({ roles: { owner: `@hold("why") ${permitAll}` } }).reason, 'policy.error');
  });
  test('a forbid that errs denies, though another role permits', () => {
    const errs = 'forbid (principal, action, resource) when { context.args.amount > 100 };';
    assert.equal(decided({ roles: { payer: payments, intern: errs } }).reason, 'policy.error');
  });
});

describe("the organisation's policy", () => {
  test('silence denies', () => {
    const decision = decided({ organisation: '' });
    assert.equal(decision.reason, 'organisation.silent');
    assert.equal(decision.because, 'No policy of the organisation permits payments.refund.');
  });
  test('any forbid wins', () => {
    const organisation = `${permitAll} @id("no-agents-on-payments") forbid (principal, action, resource == System::"payments");`;
    const decision = decided({ organisation });
    assert.deepEqual([decision.reason, decision.policies], ['organisation.forbidden', ['organisation/no-agents-on-payments']]);
  });
  test('a forbid that errs denies where Cedar itself would allow (PD-07)', () => {
    for (const condition of [
      'context.args.missing == 1',
      'context.args.amount + 9223372036854775807 > 0',
      'context.args.currency > 5',
    ]) {
      const decision = decided({
        organisation: `${permitAll} @id("errs") forbid (principal, action, resource) when { ${condition} };`,
        arguments: { amount: 5, currency: 'EUR' },
      });
      assert.deepEqual([decision.outcome, decision.reason, decision.policies], ['deny', 'policy.error', ['organisation/errs']]);
    }
  });
  test('a policy whose scope does not match is not applicable, so it cannot err', () => {
    const organisation = `${permitAll} forbid (principal, action, resource == System::"crm") when { context.args.missing == 1 };`;
    assert.equal(decided({ organisation }).outcome, 'permit');
  });
  test('knows agent, owner, effect and time', () => {
    const organisation = `permit (principal, action in Action::"money", resource) when {
      principal.name == "refund-desk" && principal.riskTier == "medium" && principal.autonomy == "act" && principal.owner.name == "maya" &&
      principal.owner.groups.contains("support") && principal.owner.roles.contains("owner") && resource.name == "payments" &&
      context.facts.now > datetime("2026-06-10T09:59:59Z") && context.facts.operation == "refund" && context.facts.effect == "money" &&
      context.facts.trigger == "agent" && context.facts.hours["12:00-13:00 Europe/Berlin wed"] && !context.facts.hours["10:00-11:00 Europe/Berlin"]
    };`;
    assert.equal(decided({ organisation }).outcome, 'permit');
  });
  test('what is unknown counts as destructive', () => {
    const organisation = `${permitAll} forbid (principal, action in Action::"destructive", resource);`;
    assert.equal(decided({ organisation, operation: { effect: 'unknown' } }).reason, 'organisation.forbidden');
    assert.equal(decided({ organisation, operation: { effect: 'write' } }).outcome, 'permit');
  });
  for (const amount of [
    'null',
    '123456789012345678901234567890',
    '0.12345',
    '{"__entity":{"type":"Human","id":"x"}}',
    '{"__extn":{"fn":"decimal","arg":"1.0"}}',
    '{"__expr":"1"}',
  ]) {
    test(`a value Cedar cannot hold does not get past a forbid that looks at it: ${amount}`, () => {
      const organisation = `${permitAll} forbid (principal, action, resource) when { context.args has amount && context.args.amount > 1000 };`;
      assert.equal(decided({ organisation, arguments: `{"amount":${amount}}` }).reason, 'policy.error');
      assert.equal(
        decided({ organisation, arguments: `{"other":${amount}}` }).outcome,
        'permit',
        'what no policy looks at is free',
      );
      assert.equal(
        decided({
          organisation: 'permit (principal, action, resource) when { context.args.amount.lessThan(decimal("2.0")) };',
          arguments: `{"amount":${amount}}`,
        }).reason,
        'policy.error',
      );
    });
  }
  test('integers keep their digits', () => {
    const organisation = `${permitAll} forbid (principal, action, resource) when { context.args.id == 9007199254740993 };`;
    assert.equal(decided({ organisation, arguments: '{"id":9007199254740993}' }).reason, 'organisation.forbidden');
    assert.equal(decided({ organisation, arguments: '{"id":9007199254740992}' }).outcome, 'permit');
  });
});

test('a yes can be explained on demand', () => {
  const facts = aCall(engine, { document: within, arguments: { amount: 50, currency: 'EUR' } });
  assert.deepEqual(explain(facts, decide(facts, engine)), [
    { link: 'mandate', holds: true, text: '/amount is at most 250', found: '50' },
    { link: 'mandate', holds: true, text: '/currency is one of "EUR", "USD"', found: '"EUR"' },
    { link: 'owner', holds: true, text: 'policy role:owner/policy-1' },
    { link: 'organisation', holds: true, text: 'policy organisation/policy-1' },
  ]);
});
