import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { KeptParts } from './compile-policy.ts';
import { EntityStore, noRecord } from './entity-store.ts';
import { EntityUid } from './entity-uid.ts';
import { Kept } from './kept.ts';
import { PolicyRefused } from './policy-refused.ts';
import { PolicySet } from './policy-set.ts';
import type { Question } from './question.ts';
import { readRecord } from './read-value.ts';

const everything = { principal: { op: 'All' }, action: { op: 'All' }, resource: { op: 'All' } };

function when(body: unknown, effect = 'permit'): object {
  return { effect, ...everything, conditions: [{ kind: 'when', body }] };
}

function question(context: object = {}, principal = new EntityUid('U', 'a')): Question {
  return {
    principal,
    action: new EntityUid('Action', 'x'),
    resource: new EntityUid('D', 'd'),
    context: readRecord(context),
    entities: new EntityStore([]),
  };
}

const equals = (left: unknown, right: unknown) => ({ '==': { left, right } });
const contextMember = (attr: string) => ({ '.': { left: { Var: 'context' }, attr } });

describe('a policy is refused, not guessed at,', () => {
  const refused: readonly [string, unknown][] = [
    ['when a number has lost digits', when(equals({ Value: 2 ** 53 }, { Value: 1 }))],
    ['when a number is no integer', when(equals({ Value: 1.5 }, { Value: 1 }))],
    ['when an integer is beyond 64 bits', when(equals({ Value: 2n ** 63n }, { Value: 1 }))],
    ['for null', when(equals({ Value: null }, { Value: 1 }))],
    ['when a function is not known', when({ unknown: [{ Value: 'x' }] })],
    [
      'when an operator has the name of something every object has',
      when({ constructor: { left: { Value: 1 }, right: { Value: 1 } } }),
    ],
    ['when an expression has two members', when({ ...equals({ Value: 1 }, { Value: 1 }), '!': { arg: { Value: true } } })],
    ['when an operator has a member that is not known', when({ '!': { arg: { Value: true }, or: { Value: true } } })],
    ['when an operand is missing', when({ '&&': { left: { Value: true } } })],
    ['when a variable is not known', when({ Var: 'house' })],
    ['when a slot stands in a condition', when(equals({ Slot: '?principal' }, { Var: 'principal' }))],
    ['when a slot is not filled', { ...when({ Value: true }), principal: { op: '==', slot: '?principal' } }],
    ['when the slot is that of another variable', { ...when({ Value: true }), principal: { op: '==', slot: '?resource' } }],
    ['when an action is of another type', { ...when({ Value: true }), action: { op: '==', entity: { type: 'U', id: 'x' } } }],
    [
      'when a condition says neither when nor unless',
      { effect: 'permit', ...everything, conditions: [{ kind: 'if', body: { Value: true } }] },
    ],
    ['when its head has a member that is not known', { ...when({ Value: true }), principal: { op: 'All', not: true } }],
    ['when the effect is not known', when({ Value: true }, 'allow')],
    ['when it has no conditions at all', { effect: 'permit', ...everything }],
    ['when it has a member that is not known', { ...when({ Value: true }), until: 'tomorrow' }],
    ['when a text is not well-formed', when(equals({ Value: '\ud800' }, { Value: 'x' }))],
    ['when the name of a type is none', when({ is: { left: { Var: 'principal' }, entity_type: 'U\0a' } })],
    [
      'when it is nested too deeply',
      when(Array.from({ length: 5000 }).reduce((inner: unknown) => ({ '!': { arg: inner } }), { Value: true })),
    ],
    ['when it is text', 'permit (principal, action, resource);'],
  ];
  for (const [says, policy] of refused)
    test(`${says}`, () => assert.throws(() => new PolicySet([{ id: 'p', policy }]), PolicyRefused));
  test('when two have the same id', () => {
    const twice = [when({ Value: true }), when({ Value: false })].map((policy) => ({ id: 'p', policy }));
    assert.throws(() => new PolicySet(twice), PolicyRefused);
  });
});

describe('a set', () => {
  test('of none denies', () =>
    assert.deepEqual(new PolicySet([]).ask(question()), { decision: 'deny', reasons: [], errors: [] }));
  test('names what errs without a value of the question', () => {
    const set = new PolicySet([
      { id: 'p', policy: when(equals({ '+': { left: contextMember('n'), right: { Value: 1 } } }, { Value: 1 })) },
    ]);
    const [error] = set.ask(question({ n: 'secret' })).errors;
    assert.equal(error?.id, 'p');
    assert.doesNotMatch(error?.message ?? '', /secret/);
  });
  test('counts a stack that is full as an error of the policy', () => {
    const sum = Array.from({ length: 900 }).reduce((left: unknown) => ({ '+': { left, right: { Value: 1 } } }), { Value: 0 });
    const set = new PolicySet([{ id: 'p', policy: when(equals(sum, { Value: 900 })) }]);
    const deep = (left: number): unknown => (left === 0 ? set.ask(question()) : deep(left - 1));
    assert.deepEqual(deep(0), { decision: 'allow', reasons: ['p'], errors: [] });
  });
  test('of ten thousand looks at those about the principal only', () => {
    const about = (id: string) => ({
      id,
      policy: { ...when(equals(contextMember('absent'), { Value: 1 })), principal: { op: '==', entity: { type: 'U', id } } },
    });
    const set = new PolicySet(Array.from({ length: 10_000 }, (_, at) => about(`u${at}`)));
    const { errors } = set.ask(question({}, new EntityUid('U', 'u77')));
    assert.deepEqual(
      errors.map(({ id }) => id),
      ['u77'],
    );
  });
  test('fills the slots of a template', () => {
    const policy = { ...when({ Value: true }), principal: { op: '==', slot: '?principal' } };
    const set = new PolicySet([
      { id: 'mine', policy, slots: { '?principal': new EntityUid('U', 'a') } },
      { id: 'theirs', policy, slots: { '?principal': new EntityUid('U', 'b') } },
    ]);
    assert.deepEqual(set.ask(question()).reasons, ['mine']);
  });
});

describe('sets that share parts', () => {
  const kept = new KeptParts();
  const setOf = (policy: object, slots = {}) => new PolicySet([{ id: 'p', policy, slots }], kept);
  const allows = (policy: object, context: object = {}, slots = {}) =>
    setOf(policy, slots).ask(question(context)).decision === 'allow';
  const isOne = (literal: unknown, kind = 'when') => ({
    effect: 'permit',
    ...everything,
    conditions: [{ kind, body: equals(contextMember('one'), { Value: literal }) }],
  });

  test('answer each by its own text', () => {
    for (const twice of [1, 2]) {
      assert.ok(allows(isOne(1), { one: 1 }), `${twice}`);
      assert.ok(!allows(isOne('1'), { one: 1 }));
      assert.ok(!allows(isOne(1, 'unless'), { one: 1 }));
      assert.ok(!allows(isOne(9007199254740993n), { one: 9007199254740992n }));
      assert.ok(allows(isOne(9007199254740992n), { one: 9007199254740992n }));
      assert.ok(!allows(isOne('9007199254740992n'), { one: 9007199254740992n }));
    }
  });
  test('have each slot filled as it was', () => {
    const template = { ...when({ Value: true }), resource: { op: '==', slot: '?resource' } };
    assert.ok(allows(template, {}, { '?resource': new EntityUid('D', 'd') }));
    assert.ok(!allows(template, {}, { '?resource': new EntityUid('D', 'other') }));
    assert.throws(() => setOf(template), PolicyRefused);
  });
  test('refuse again what was refused', () => {
    for (const twice of [1, 2]) assert.throws(() => setOf(when({ Var: 'house' })), PolicyRefused, `${twice}`);
  });
  test('are right after parts were forgotten', () => {
    for (let at = 0; at < 2_100; at++) setOf(isOne(at));
    for (const at of [0, 1, 2_000, 2_099]) assert.ok(allows(isOne(at), { one: at }) && !allows(isOne(at), { one: at + 1 }));
  });
  test('compile what they have in common once', () => {
    const kept = new Kept<object>();
    const first = kept.take({ a: [1] }, () => ({}));
    assert.equal(
      kept.take({ a: [1] }, () => ({})),
      first,
    );
    assert.notEqual(
      kept.take({ a: ['1'] }, () => ({})),
      first,
    );
    assert.notEqual(
      kept.take({ a: [1n] }, () => ({})),
      kept.take({ a: [1n] }, () => ({})),
    );
  });
});

describe('entities', () => {
  const [one, two] = [new EntityUid('G', '1'), new EntityUid('G', '2')];
  const entity = (uid: EntityUid, parents: readonly EntityUid[]) => ({ uid, attributes: noRecord, parents });
  test('in a circle are refused', () => {
    assert.throws(() => new EntityStore([entity(one, [two]), entity(two, [one])]), PolicyRefused);
    assert.throws(() => new EntityStore([entity(one, [one])]), PolicyRefused);
  });
  test('twice are one when they are the same, and refused when not', () => {
    assert.ok(new EntityStore([entity(one, [two]), entity(one, [two])]).isIn(one, two));
    assert.throws(() => new EntityStore([entity(one, []), entity(one, [two])]), PolicyRefused);
    assert.throws(() => new EntityStore([entity(one, []), { ...entity(one, []), tags: readRecord({ a: 1 }) }]), PolicyRefused);
  });
  test('with an id that looks like the name of another are two', () =>
    assert.ok(!new EntityUid('A', '::B').equals(new EntityUid('A::', 'B'))));
});

describe('a value is refused', () => {
  const refused: readonly [string, object][] = [
    ['that is null', { a: null }],
    ['that may have lost digits', { a: 2 ** 53 }],
    ['of an extension type that its constructor does not read', { a: { __extn: { fn: 'decimal', arg: '1' } } }],
    ['of a type that is not known', { a: { __extn: { fn: 'money', arg: '1' } } }],
    ['that is an expression', { a: { __expr: '1 + 1' } }],
    ['that has more beside its mark', { a: { __entity: { type: 'U', id: 'a' }, more: 1 } }],
    ['that is nested too deeply', Array.from({ length: 300 }).reduce<object>((inner) => ({ inner }), {})],
  ];
  for (const [says, json] of refused) test(`${says}`, () => assert.throws(() => readRecord(json), PolicyRefused));
});
