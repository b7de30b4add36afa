import assert from 'node:assert/strict';
import { HistoryRules } from '@surety/contract/history';
import { Duration, durationMs, Limit } from '@surety/contract/limits';
import * as fc from 'fast-check';
import { describe, test } from 'vitest';
import type * as z from 'zod';
import { aCall, aDocument, aMandate, args } from '../../test/a-call.ts';
import { openCedar } from '../cedar-engine.ts';
import { decide } from '../decide.ts';
import { addDecimals, compareDecimals, leftOf } from './decimal.ts';
import { ruleSentence } from './limit-words.ts';
import { plainLeaves } from './plain-text.ts';

const engine = openCedar();
const refund = { system: 'payments', actions: ['refund'] };
const limit: z.input<typeof Limit> = { of: [refund], measure: { sum: '/amount' }, max: '250', per: 'agent', within: 'P30D' };

/** The decision on a refund of 10 under these limits, when this much was used before. */
function decided(limits: readonly object[], used: readonly string[], text = '{"amount":10}') {
  const call = aCall(engine, { document: aDocument({ limits: limits as never }), arguments: text });
  return decide({ ...call, counts: { limits: used.map((one, at) => ({ at: 0, limit: at, used: one })), history: [] } }, engine);
}

describe('decimals', () => {
  const decimal = fc.tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.nat(6)).map(([digits, scale]) => {
    const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
    return `${digits < 0n ? '-' : ''}${scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`}`;
  });
  const scaled = (text: string) => {
    const [whole = '', fraction = ''] = text.split('.');
    return BigInt(whole + fraction.padEnd(6, '0'));
  };

  test('are added and compared to the last digit', () => {
    fc.assert(
      fc.property(decimal, decimal, (one, other) => {
        assert.equal(scaled(addDecimals(one, other)), scaled(one) + scaled(other));
        assert.equal(
          Math.sign(compareDecimals(one, other)),
          scaled(one) < scaled(other) ? -1 : scaled(one) > scaled(other) ? 1 : 0,
        );
        assert.equal(scaled(leftOf(one, other)), scaled(one) > scaled(other) ? scaled(one) - scaled(other) : 0n);
      }),
      { numRuns: 2_000 },
    );
    assert.equal(addDecimals('0.1', '0.2'), '0.3');
    assert.throws(() => addDecimals('1e3', '1'), RangeError);
  });
});

describe('a limit', () => {
  test('lets pass what fits to the last cent, and names itself when something does not', () => {
    assert.equal(decided([limit], ['240']).outcome, 'permit');
    const refused = decided([limit], ['240.0001']);
    assert.deepEqual([refused.outcome, refused.reason, refused.link], ['deny', 'limit.reached', 'limit']);
    assert.deepEqual(refused.policies, ['mandate:man_1/limit1']);
    assert.equal(refused.conditions.at(-1)?.found, '240.0001 before this call');
    assert.equal(decided([{ ...limit, exceed: 'hold' }], ['250']).reason, 'held.limit');
    assert.equal(
      decided(
        [
          { ...limit, exceed: 'hold' },
          { ...limit, max: '255' },
        ],
        ['250', '250'],
      ).reason,
      'limit.reached',
    );
  });

  test('that was not counted lets nothing pass', () => {
    const call = aCall(engine, { document: aDocument({ limits: [limit] }), arguments: '{"amount":10}' });
    assert.equal(decide(call, engine).reason, 'house.not_ready');
    assert.equal(decided([limit], []).reason, 'house.not_ready');
    assert.equal(decided([limit, limit], ['0']).reason, 'house.not_ready');
    assert.equal(decided([{ ...limit, of: [{ system: 'crm', actions: ['*'] }] }], []).outcome, 'permit');
  });

  test('bounds what an agent acts on by itself: without one, money is held', () => {
    const outcome = (changes: object, effect: 'money' | 'write' | 'unknown' = 'money') => {
      const document = aDocument({ autonomy: 'act_within_limits', ...changes });
      const call = aCall(engine, { document, arguments: '{"amount":10}', operation: { effect } });
      return decide({ ...call, counts: { limits: [{ at: 0, limit: 0, used: '0' }], history: [] } }, engine).reason;
    };
    assert.equal(outcome({}), 'held.autonomy');
    assert.equal(outcome({}, 'unknown'), 'held.autonomy');
    assert.equal(outcome({}, 'write'), 'permitted');
    assert.equal(outcome({ autonomy: 'act' }), 'permitted');
    assert.equal(outcome({ limits: [limit] }), 'permitted');
    assert.equal(outcome({ limits: [{ ...limit, of: [{ system: 'crm', actions: ['*'] }] }] }), 'held.autonomy');
    assert.equal(outcome({ permissions: [{ ...refund, where: { '/amount': { max: 20 } } }] }), 'permitted');
    assert.equal(outcome({ permissions: [{ ...refund, where: { '/amount': { max: 5 } } }, refund] }), 'held.autonomy');
  });

  test('is refused as a document when it could never be counted so', () => {
    for (const bad of [
      { per: 'agent', within: undefined },
      { per: 'owner', within: 'task' },
      { max: '-1' },
      { within: 'P1M' },
      { within: 'P367D' },
      { of: [] },
      { of: [{ ...refund, where: { '/region': { like: 'EU*' } } }] },
      { measure: { sum: 'amount' } },
      { measure: 'spend' },
    ])
      assert.equal(Limit.safeParse({ ...limit, ...bad }).success, false, JSON.stringify(bad));
    assert.equal(Limit.safeParse({ ...limit, per: 'task', within: undefined }).success, true);
    assert.throws(() => aMandate(engine, aDocument({ limits: [{ ...limit, measure: 'count', max: '2.5' }] })), /whole/);
  });
});

test('a length of time has one length', () => {
  for (const [text, ms] of [
    ['PT10M', 600_000],
    ['P30D', 2_592_000_000],
    ['P2W', 1_209_600_000],
    ['P1DT1H1M1S', 90_061_000],
  ] as const) {
    assert.equal(durationMs(text), ms);
    assert.equal(Duration.safeParse(text).success, true);
  }
  for (const text of ['P', 'PT', 'P1Y', 'P1M', '30D', 'P1.5D', 'P1DT', 'P1H', 'PT1D', 'P1W2D', 'p1d', 'PT0S', 'P367D'])
    assert.equal(Duration.safeParse(text).success, false, text);
});

test('rules about the past are read strictly, and say in words what they ask', () => {
  const rule = {
    id: 'creator-does-not-pay',
    when: { system: 'erp', actions: ['pay'] },
    forbidIf: {
      happened: { system: 'erp', actions: ['create_vendor'] },
      by: 'same_person',
      within: 'P30D',
      same: [{ here: '/vendor', there: '/id' }],
    },
    because: 'Who created a vendor does not pay it.',
  } as const;
  const [read] = HistoryRules.parse([rule]);
  assert.equal(
    read && ruleSentence(read),
    'Calling erp.pay is forbidden if erp.create_vendor was called for the same person, by whatever agents, in the last 30 days, /id there the same as /vendor here ("Who created a vendor does not pay it.").',
  );
  for (const bad of [
    [rule, rule],
    [{ ...rule, holdIf: rule.forbidIf }],
    [{ ...rule, forbidIf: undefined }],
    [{ ...rule, forbidIf: { ...rule.forbidIf, notHappened: rule.forbidIf.happened } }],
    [{ ...rule, forbidIf: { ...rule.forbidIf, within: 'task' } }],
    [{ ...rule, forbidIf: { ...rule.forbidIf, by: 'somebody' } }],
  ])
    assert.equal(HistoryRules.safeParse(bad).success, false);
});

test('padding an argument does not hide what comes after it: whoever keeps it knows that not everything is there', () => {
  const padded = args(Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`pad${at}`, at])));
  const { leaves, isWhole } = plainLeaves(padded, 64);
  assert.deepEqual([leaves.length, isWhole], [64, false]);
  assert.equal(plainLeaves(args('{"a":{"b":[1,"1","X "]},"c/d":true}'), 64).isWhole, true);
  assert.deepEqual(plainLeaves(args('{"a":{"b":[1,"1","X "]},"c/d":true}'), 64).leaves, [
    ['/c~1d', ['true']],
    ['/a/b', ['1', 'x']],
  ]);
});
