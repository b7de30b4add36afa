import assert from 'node:assert/strict';
import type { Effect } from '@surety/contract/system';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { fromFacts, labelFacts } from './cedar-flow.ts';
import type { CarriedValue, FlowFacts, FoundAt, Guard } from './flow-facts.ts';
import { flowRules } from './flow-line.ts';
import { flowCondition, flowSentence } from './flow-words.ts';

const source = { system: 'mail', operation: 'get_email', action: 'act_1' };
const crm = { system: 'crm', operation: 'get_customer', action: 'act_2' };
const to: Guard = { pointer: '/to', of: 'destination' };
const file: Guard = { pointer: '/file_id', of: 'target' };

function value(found: FoundAt, more: Partial<CarriedValue> = {}): CarriedValue {
  const from = found === 'untrusted' ? { source } : found === 'trusted' ? { source: crm } : {};
  return { pointer: '/to', kind: 'email', isWhole: true, found, labels: [], ...from, ...more };
}

function facts(values: readonly CarriedValue[], more: Partial<FlowFacts> = {}): FlowFacts {
  return { labels: [{ name: 'untrusted', source }], values, guards: [to, file], purpose: 'asked', ...more };
}

const said = (effect: Effect, given: FlowFacts) => flowRules(effect, given)?.rule;

describe('a destination', () => {
  test.for([
    ['an outsider wrote', 'untrusted', 'untrusted-guard'],
    ['nobody named', 'nowhere', 'unknown-guard'],
    ['the person named', 'request', undefined],
    ['the organisation knows', 'directory', undefined],
    ['our own records hold', 'trusted', undefined],
  ] as const)('that %s', ([, found, rule]) => {
    for (const effect of ['write', 'external', 'money', 'destructive', 'unknown'] as const)
      assert.equal(said(effect, facts([value(found)])), rule, effect);
  });

  test('says nothing before the task has read what an outsider can write', () => {
    assert.equal(said('money', facts([value('nowhere')], { labels: [] })), undefined);
    assert.equal(said('money', facts([value('nowhere')], { labels: [{ name: 'customer', source: crm }] })), undefined);
  });

  test('counts in every place of a list', () => {
    assert.equal(
      said('external', facts([value('request', { pointer: '/to/0' }), value('untrusted', { pointer: '/to/1' })])),
      'untrusted-guard',
    );
  });

  test('that was only named like a guard is none', () => {
    assert.equal(said('write', facts([value('request'), value('nowhere', { pointer: '/topic', kind: 'name' })])), undefined);
  });
});

describe('a read', () => {
  test('that fetches from an address of an outsider is asked, and from one that nobody named only with something private in hand', () => {
    const address = (found: FoundAt) => value(found, { kind: 'url' });
    assert.equal(said('read', facts([address('untrusted')])), 'untrusted-guard');
    assert.equal(said('read', facts([address('nowhere')])), undefined);
    const labels = [
      { name: 'untrusted', source },
      { name: 'customer', source: crm },
    ];
    assert.equal(said('read', facts([address('nowhere')], { labels })), 'unknown-guard');
  });
});

describe('an object', () => {
  const object = value('untrusted', { pointer: '/file_id', kind: 'id' });
  test('that an outsider chose is asked about where the effect cannot be put back, and not where it can', () => {
    assert.equal(said('destructive', facts([object])), 'untrusted-guard');
    assert.equal(said('write', facts([object, value('request')])), undefined);
  });
});

describe('what a call carries', () => {
  const link = value('untrusted', { pointer: '/body', kind: 'url', isWhole: false });
  test('a link of an outsider in text is asked about, whoever gets it', () => {
    assert.equal(said('external', facts([value('request'), link])), 'untrusted-link');
    assert.equal(said('external', facts([value('request'), { ...link, found: 'directory' }])), undefined);
  });

  const number = value('trusted', { pointer: '/body', kind: 'account', isWhole: false, labels: ['pii'] });
  test('a number of a person leaves only for a place that the organisation knows', () => {
    assert.equal(said('external', facts([value('request'), number])), 'private-out');
    assert.equal(said('external', facts([value('directory'), number])), undefined);
    assert.equal(said('write', facts([value('request'), number])), undefined);
  });

  test('a secret to a place that nobody named is forbidden, not asked', () => {
    const key = value('trusted', { pointer: '/body', kind: 'id', labels: ['secret'] });
    assert.equal(flowRules('external', facts([value('untrusted'), key]))?.reason, 'flow.forbidden');
    assert.equal(flowRules('external', facts([value('directory'), key]))?.reason, undefined);
  });
});

describe('a call as a whole', () => {
  test('that the request does not speak of is asked, and is not where nobody asked in words', () => {
    assert.equal(said('write', facts([value('request')], { purpose: 'outside' })), 'outside-task');
    assert.equal(said('write', facts([value('request')], { purpose: 'unknown' })), undefined);
    assert.equal(said('read', facts([], { purpose: 'outside' })), undefined);
  });

  test('of which only an outsider named anything is asked', () => {
    const title = value('untrusted', { pointer: '/title', kind: 'name' });
    assert.equal(said('write', facts([title])), 'untrusted-only');
    assert.equal(said('write', facts([title, value('trusted', { pointer: '/place', kind: 'name' })])), undefined);
  });
});

const anyFound = fc.constantFrom<FoundAt>('request', 'directory', 'trusted', 'untrusted', 'nowhere');
const anyValue = fc.record({
  pointer: fc.constantFrom('/to', '/to/0', '/file_id', '/body', '/title'),
  kind: fc.constantFrom('email', 'url', 'iban', 'id', 'name', 'text', 'account'),
  isWhole: fc.boolean(),
  found: anyFound,
  labels: fc.subarray(['untrusted', 'pii', 'secret', 'customer']),
}) as fc.Arbitrary<CarriedValue>;
const anyFacts = fc.record({
  labels: fc.subarray(['untrusted', 'pii', 'secret']).map((names) => names.map((name) => ({ name, source }))),
  values: fc.array(anyValue, { maxLength: 6 }),
  guards: fc.subarray([to, file]),
  purpose: fc.constantFrom('asked', 'outside', 'unknown'),
}) as fc.Arbitrary<FlowFacts>;
const anyEffect = fc.constantFrom<Effect>('read', 'write', 'destructive', 'money', 'external', 'unknown');

test('that an outsider wrote a value, where a person or the organisation had named it, never makes a call pass that did not', () => {
  fc.assert(
    fc.property(anyEffect, anyFacts, fc.nat(), (effect, given, pick) => {
      const at = pick % Math.max(1, given.values.length);
      const worse = given.values.map((one, index) =>
        index === at && one.found !== 'nowhere' ? { ...one, found: 'untrusted' as const, source } : one,
      );
      if (flowRules(effect, given) !== undefined) assert.notEqual(flowRules(effect, { ...given, values: worse }), undefined);
    }),
    { numRuns: 3_000 },
  );
});

test('a label more never makes a call pass that did not', () => {
  fc.assert(
    fc.property(anyEffect, anyFacts, fc.constantFrom('untrusted', 'pii', 'secret', 'other'), (effect, given, name) => {
      const more = { ...given, labels: [...given.labels, { name, source }] };
      if (flowRules(effect, given) !== undefined) assert.notEqual(flowRules(effect, more), undefined);
    }),
    { numRuns: 2_000 },
  );
});

test('whatever a rule says, it says it in a sentence that names no value, and with the answer it came from', () => {
  fc.assert(
    fc.property(anyEffect, anyFacts, (effect, flow) => {
      const call = { operation: { effect }, flow };
      const rule = flowRules(effect, flow);
      assert.equal(flowSentence(call) === undefined, rule === undefined);
      assert.equal(flowCondition(call)?.holds, rule === undefined ? undefined : false);
    }),
    { numRuns: 1_000 },
  );
  const sentence = flowSentence({ operation: { effect: 'money' }, flow: facts([value('untrusted')]) }) ?? '';
  assert.match(sentence, /"\/to" was chosen by an outsider: it was first met in an answer of mail\.get_email/);
});

test('policies see what the task has read, and where each argument and what it stands in came from', () => {
  const flow = facts([
    value('untrusted', { pointer: '/to/0', labels: ['untrusted', 'customer'] }),
    value('request', { pointer: '/to/1', labels: ['untrusted'] }),
  ]);
  assert.deepEqual(labelFacts(flow), ['untrusted']);
  const from = fromFacts(flow) as Record<string, string[]>;
  assert.deepEqual(
    { ...from },
    { '/to/0': ['untrusted', 'customer'], '/to': ['untrusted', 'customer', 'request'], '/to/1': ['request'] },
  );
});
