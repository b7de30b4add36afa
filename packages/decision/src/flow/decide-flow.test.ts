import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { aCall, agentId, args, type CallChanges, now, permitAll } from '../../test/a-call.ts';
import type { GivenApproval } from '../call-facts.ts';
import { digestCall } from '../call-digest.ts';
import { openCedar } from '../cedar-engine.ts';
import { decide } from '../decide.ts';
import type { CarriedValue, FlowFacts } from './flow-facts.ts';

const engine = openCedar();
const source = { system: 'mail', operation: 'get_email', action: 'act_1' };
const crm = { system: 'crm', operation: 'get_customer', action: 'act_2' };

function iban(found: CarriedValue['found'], labels: readonly string[] = []): CarriedValue {
  return { pointer: '/iban', kind: 'iban', isWhole: true, found, labels, ...(found === 'untrusted' ? { source } : {}) };
}

function flow(values: readonly CarriedValue[], more: Partial<FlowFacts> = {}): FlowFacts {
  const guards = [{ pointer: '/iban', of: 'destination' }] as const;
  return { labels: [{ name: 'untrusted', source }], values, guards, purpose: 'asked', ...more };
}

const call = { arguments: { iban: 'GB33BUKB20201555555555', amount: 10 } };

function decided(given: FlowFacts | undefined, changes: CallChanges = {}) {
  return decide(aCall(engine, { ...call, ...changes, facts: { flow: given, ...changes.facts } }), engine);
}

describe('a decision hears where the information came from', () => {
  test('what an outsider chose is held, and the reason names the answer it came from', () => {
    const decision = decided(flow([iban('untrusted')]));
    assert.deepEqual([decision.outcome, decision.reason, decision.link], ['hold', 'held.flow', 'flow']);
    assert.deepEqual(decision.policies, ['house/flow/untrusted-guard']);
    assert.match(decision.because, /mail\.get_email/);
    const condition = decision.conditions.find(({ link }) => link === 'flow');
    assert.equal(condition?.holds, false);
    assert.match(condition?.text ?? '', /"\/iban" was named by who asked/);
  });

  test('the model is told no more than that somebody is asked', () => {
    const { forModel = '' } = decided(flow([iban('untrusted')]));
    assert.match(forModel, /asks for a person/);
    assert.doesNotMatch(forModel, /iban|get_email|directory/);
  });

  test('no sentence holds the value', () => {
    assert.ok(!JSON.stringify(decided(flow([iban('untrusted')]))).includes('GB33'));
  });

  test('what a person named passes, and what no facts were gathered for', () => {
    assert.equal(decided(flow([iban('request')])).outcome, 'permit');
    assert.equal(decided(undefined).outcome, 'permit');
  });

  test('a denial of another line comes first, and a hold of another line gives the reason, and both rules are named', () => {
    assert.equal(decided(flow([iban('untrusted')]), { organisation: '' }).reason, 'organisation.silent');
    const organisation = `${permitAll} @id("eyes") @hold("Look.") permit (principal, action, resource);`;
    const both = decided(flow([iban('untrusted')]), { organisation });
    assert.equal(both.reason, 'held.organisation');
    assert.deepEqual(both.policies, ['organisation/eyes', 'house/flow/untrusted-guard']);
    assert.ok(both.conditions.some(({ link }) => link === 'flow'));
  });

  test('a secret to a place that nobody named is denied, and no yes lifts that', () => {
    const key = { pointer: '/note', kind: 'id', isWhole: false, found: 'trusted', labels: ['secret'], source: crm } as const;
    const facts = { approval: yes() };
    const decision = decided(flow([iban('untrusted'), key]), { operation: { effect: 'external' }, facts });
    assert.deepEqual([decision.outcome, decision.reason], ['deny', 'flow.forbidden']);
  });

  test('a yes to exactly this call lifts the hold', () => {
    assert.equal(decided(flow([iban('untrusted')]), { facts: { approval: yes() } }).reason, 'approved');
    const other = { ...yes(), callDigest: 'another' };
    assert.equal(decided(flow([iban('untrusted')]), { facts: { approval: other } }).reason, 'held.flow');
  });
});

function yes(): GivenApproval {
  const what = { agent: agentId, system: 'payments', operation: 'refund', arguments: args(call.arguments) };
  return {
    id: 'apr_1',
    state: 'approved',
    callDigest: digestCall(what),
    effect: 'money',
    definition: 'definition-1',
    mandateVersion: 3,
    policyVersion: 7,
    validUntilMs: now + 60_000,
  };
}

describe('policies of the organisation can ask', () => {
  const noSink = `${permitAll} @id("sink") @because("Customer data stays inside.")
    forbid (principal, action in Action::"external", resource) when { context.facts.labels.contains("customer") };`;
  test('no external sink once customer data was read', () => {
    const read = flow([], { labels: [{ name: 'customer', source: crm }] });
    const external = { organisation: noSink, operation: { effect: 'external' } } as const;
    const decision = decided(read, external);
    assert.deepEqual([decision.outcome, decision.reason], ['deny', 'organisation.forbidden']);
    assert.match(decision.because, /Customer data stays inside/);
    assert.equal(decided(flow([], { labels: [] }), external).outcome, 'permit');
    assert.equal(decided(read, { organisation: noSink }).outcome, 'permit');
  });

  const noUntrusted = `${permitAll} @id("iban") @because("The account of a payment must not come from untrusted text.")
    forbid (principal, action in Action::"money", resource)
    when { context.facts.from has "/iban" && context.facts.from["/iban"].contains("untrusted") };`;
  test('the account of a payment must not come from untrusted text', () => {
    const decision = decided(flow([iban('untrusted', ['untrusted'])]), { organisation: noUntrusted });
    assert.deepEqual([decision.outcome, decision.reason], ['deny', 'organisation.forbidden']);
    assert.equal(decided(flow([iban('request', ['untrusted'])]), { organisation: noUntrusted }).outcome, 'permit');
    assert.equal(decided(flow([]), { organisation: noUntrusted }).outcome, 'permit');
  });

  test('a policy that asks is an error where nothing was gathered, and then nothing passes', () => {
    for (const organisation of [noSink, noUntrusted]) {
      const effect = organisation === noSink ? 'external' : 'money';
      const decision = decided(undefined, { organisation, operation: { effect } });
      assert.deepEqual([decision.outcome, decision.reason], ['deny', 'policy.error']);
    }
  });
});
