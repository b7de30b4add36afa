import assert from 'node:assert/strict';
import { MandateDocument } from '@surety/contract/mandate';
import { Obligations } from '@surety/contract/obligations';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { fromPlain, type ExactRecord, toPlain, writeExactJson } from '@surety/contract/exact-json';
import {
  aCall,
  aDocument,
  aMandate,
  args,
  aTask,
  type CallChanges,
  agentId,
  now,
  otherAgentId,
  permitAll,
} from '../../test/a-call.ts';
import type { CallFacts } from '../call-facts.ts';
import { openCedar } from '../cedar-engine.ts';
import { decide } from '../decide.ts';
import { mandateSentences } from '../mandate-sentences.ts';
import { readPolicies } from '../read-policies.ts';
import { clampArguments } from './clamp-arguments.ts';
import { maskedText, maskValue } from './mask-value.ts';

const engine = openCedar();
const decided = (changes: CallChanges) => decide(aCall(engine, changes), engine);
const reading = { operation: { effect: 'read' as const } };
type Given = NonNullable<MandateDocument['permissions'][number]['obligations']>;
const obliging = (...each: readonly (Given | undefined)[]) =>
  aDocument({
    permissions: each.map((obligations) => ({ system: 'payments', actions: ['refund'], ...(obligations && { obligations }) })),
  });

describe('obligations of a permit', () => {
  test('none are named where nothing obliges', () => {
    assert.equal('obligations' in decided({}), false);
  });

  test('come from every permission and policy that lets a call pass, together: all masks, the least of each clamp', () => {
    const organisation = `${permitAll} @id("pii") @mask("/email /items/*/iban") @clamp("/limit 50") @notify("Looks at customers.") @record("payload") permit (principal, action in Action::"read", resource);`;
    const document = obliging({ mask: ['/email', '/phone'], clamp: { '/limit': 80, '/timeout': 30 } }, undefined);
    assert.deepEqual(decided({ ...reading, document, organisation }).obligations, {
      mask: ['/email', '/phone', '/items/*/iban'],
      clamp: { '/limit': 50, '/timeout': 30 },
      notify: ['Looks at customers.'],
      record: true,
    });
    const roles = { owner: `${permitAll} @id("m") @mask("/name") permit (principal, action, resource);` };
    assert.deepEqual(decided({ roles }).obligations?.mask, ['/name']);
  });

  test('of a permission that does not let this call pass count for nothing', () => {
    const document = aDocument({
      permissions: [
        { system: 'payments', actions: ['refund'] },
        { system: 'payments', actions: ['refund'], where: { '/amount': { max: '5' } }, obligations: { mask: ['/email'] } },
      ],
    });
    assert.equal(decided({ document, arguments: { amount: 6 } }).obligations, undefined);
    assert.deepEqual(decided({ document, arguments: { amount: 5 } }).obligations?.mask, ['/email']);
  });

  test('go with the yes of a person as well, and with no refusal or hold', () => {
    const held = obliging({ mask: ['/email'] }).permissions.map((one) => ({ ...one, hold: [{ because: 'All.' }] }));
    const facts = aCall(engine, { document: aDocument({ permissions: held }) });
    assert.equal(decide(facts, engine).outcome, 'hold');
    assert.equal(decide(facts, engine).obligations, undefined);
  });

  test('attack: an agent cannot pass on the right to skip its own: those of every agent above count', () => {
    const parent = { ...aCall(engine).agent!, id: otherAgentId, name: 'above' };
    const hop = { details: null, audiences: null, depthLeft: 4, expiresAtMs: now + 1_000, policies: null };
    const above = aTask({ id: 'tsk_0', agent: otherAgentId, requester: otherAgentId, root: 'tsk_0' });
    const mandate = aMandate(
      engine,
      { ...obliging({ mask: ['/email'] }), agent: otherAgentId as MandateDocument['agent'] },
      'man_0',
    );
    const chained: Partial<CallFacts> = {
      chain: [{ agent: parent, owner: aCall(engine).owner, task: above, mandate }],
      task: aTask({ requester: otherAgentId, parent: 'tsk_0', root: 'tsk_0', depth: 1, hop }),
    };
    const decision = decided({ facts: chained });
    assert.deepEqual([decision.outcome, decision.obligations?.mask], ['permit', ['/email']], decision.because);
    assert.equal(aCall(engine).agent?.id, agentId);
  });
});

describe('a clamp', () => {
  test('attack: of anything but a read denies, and says whose it is', () => {
    const decision = decided({ document: obliging({ clamp: { '/limit': 5 } }) });
    assert.deepEqual([decision.outcome, decision.reason, decision.link], ['deny', 'obligation.unfit', 'mandate']);
    const organisation = `${permitAll} @id("few") @clamp("/limit 5") permit (principal, action, resource);`;
    assert.deepEqual(
      [decided({ organisation }).reason, decided({ organisation }).link, decided({ organisation }).policies],
      ['obligation.unfit', 'organisation', ['organisation/few']],
    );
  });

  test('of what is no whole number denies', () => {
    const document = obliging({ clamp: { '/limit': 5 } });
    assert.equal(decided({ ...reading, document, arguments: { limit: 500 } }).outcome, 'permit');
    for (const limit of ['500', -1, 1.5, null, [1]])
      assert.equal(decided({ ...reading, document, arguments: { limit } }).reason, 'obligation.unfit', String(limit));
    assert.equal(
      decided({ ...reading, document: obliging({ clamp: { '/a/limit': 5 } }), arguments: { a: 7 } }).reason,
      'obligation.unfit',
    );
  });

  test('can stand only at page sizes and time-outs, whatever else somebody would like to bring down', () => {
    for (const name of [
      '/limit',
      '/page_size',
      '/pageSize',
      '/perPage',
      '/max_results',
      '/timeout',
      '/timeout_ms',
      '/options/timeoutSeconds',
    ])
      assert.ok(Obligations.safeParse({ clamp: { [name]: 5 } }).success, name);
    for (const name of ['/amount', '/to', '/limit/amount', '/price_limit_eur', '/id', '/quantity', '/timeout/order'])
      assert.ok(!Obligations.safeParse({ clamp: { [name]: 5 } }).success, name);
  });

  test('never makes a number larger, and leaves every other argument as it was (any arguments)', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.boolean(), fc.nat(), fc.array(fc.nat()))),
        fc.nat(),
        fc.option(fc.nat()),
        (other, most, limit) => {
          const given = args({ ...other, ...(limit === null ? { limit: 1 } : { limit }) });
          const clamped = clampArguments(given, { '/limit': most });
          assert.ok(clamped !== undefined);
          const { limit: sent, ...rest } = clamped;
          assert.ok(Number(toPlain(sent ?? null)) <= most);
          const { limit: _limit, ...before } = given;
          assert.equal(writeExactJson(rest), writeExactJson(before));
        },
      ),
    );
  });
});

test('a mask takes what the pointer names out of any value, and nothing that it names stays readable', () => {
  const value = { a: { email: 'x', n: 1 }, list: [{ email: 'y' }, 3], email: 'z' };
  const masked = (pointer: string) => toPlain(maskValue(fromPlain(value) as ExactRecord, [pointer]));
  assert.deepEqual(masked('/a/email'), { ...value, a: { email: maskedText, n: 1 } });
  assert.deepEqual(masked('/list/*/email'), { ...value, list: [{ email: maskedText }, 3] });
  assert.deepEqual(masked('/list/email'), { ...value, list: [{ email: maskedText }, 3] }, 'a list is entered');
  assert.deepEqual(masked('/list/1'), { ...value, list: [{ email: 'y' }, null] });
  assert.deepEqual(masked('/*/email'), { a: { email: maskedText, n: 1 }, list: [{ email: maskedText }, 3], email: maskedText });
  assert.deepEqual(masked('/a'), { ...value, a: null });
  assert.deepEqual(masked('/none'), value);
});

describe('obligations in a policy of the organisation', () => {
  const issue = (text: string) => {
    const read = readPolicies(text);
    return read.ok ? undefined : read.issues.map(({ message }) => message).join(' ');
  };

  test('are read where they can be understood, and refused where they cannot', () => {
    assert.equal(
      issue('@id("a") @mask("/email") @clamp("/limit 10 /timeout 5") permit (principal, action, resource);'),
      undefined,
    );
    assert.match(issue('@mask("email") permit (principal, action, resource);') ?? '', /JSON pointer/);
    assert.match(issue('@clamp("/amount 10") permit (principal, action, resource);') ?? '', /page sizes and time-outs/);
    assert.match(issue('@clamp("/limit") permit (principal, action, resource);') ?? '', /in turn/);
    assert.match(issue('@record("all") permit (principal, action, resource);') ?? '', /payload/);
    assert.match(issue('@mask("/email") forbid (principal, action, resource);') ?? '', /only at a permit/);
    assert.match(issue('@hold("why") @mask("/email") permit (principal, action, resource);') ?? '', /only at a permit/);
  });
});

test('a mandate says its obligations in its sentence', () => {
  const document = obliging({ mask: ['/email'], clamp: { '/limit': 50 }, notify: 'Sees customers', record: true });
  assert.ok(
    mandateSentences(document).some((sentence) =>
      sentence.includes(
        '; of what comes back /email is masked; /limit is brought down to 50; a person is told ("Sees customers"); what comes back is kept; until',
      ),
    ),
    mandateSentences(document).join('\n'),
  );
});
