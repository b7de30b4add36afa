import assert from 'node:assert/strict';
import { MandateDocument } from '@surety/contract/mandate';
import fc from 'fast-check';
import { test } from 'vitest';
import { aDocument } from '../test/a-call.ts';
import { cedarLiteral } from './cedar-text.ts';
import { mandateSentences } from './mandate-sentences.ts';

test('a mandate in words', () => {
  const document = aDocument({
    permissions: [
      {
        system: 'payments',
        actions: ['refund', 'refund_part'],
        where: {
          '/amount': { max: 250, over: 0 },
          '/currency': { in: ['EUR', 'USD'] },
          '/note': { maxLength: 1, notLike: '*iban*' },
        },
        hours: { from: '22:00', until: '06:00', zone: 'Europe/Berlin', days: ['mon', 'fri'] },
        hold: [{ when: { '/amount': { over: 100 } }, because: 'Larger refunds need a look' }, { because: 'New' }],
      },
      {
        system: 'crm',
        actions: ['*'],
        where: {
          '/force': { absent: true },
          '/tags': { maxItems: 2, eachIn: ['a', 'b'] },
          '/to': { like: '*@example.com', in: ['x@example.com'] },
        },
      },
    ],
  });
  assert.deepEqual(mandateSentences(document), [
    'Acts by itself within these limits, until 31 Dec 2026 00:00 UTC.',
    'May call payments.refund or payments.refund_part when /amount is at most 250, /amount is more than 0, /currency is one of "EUR", "USD", ' +
      '/note does not match "*iban*" and /note has at most 1 character between 22:00 and 06:00 of the next day in Europe/Berlin on Monday or Friday; ' +
      'asks a person when /amount is more than 100, or when that cannot be told ("Larger refunds need a look"); ' +
      'asks a person every time ("New"); until 31 Dec 2026 00:00 UTC.',
    'May call every operation of crm when /force is not given, /tags has at most 2 items, /tags holds nothing but "a", "b", ' +
      '/to is "x@example.com" and /to matches "*@example.com"; until 31 Dec 2026 00:00 UTC.',
    'May pass on to other agents what it may do itself, over at most 4 hops.',
  ]);
});

test('what may be passed on is said, also where nothing in the document is about it', () => {
  const passOn = [{ system: 'payments', actions: ['refund_all'], where: { '/amount': { max: 10 } } }];
  const said = (changes: Parameters<typeof aDocument>[0]) => mandateSentences(aDocument(changes)).slice(2);
  const passing =
    'May pass on to other agents, and not do itself, to call payments.refund_all when /amount is at most 10; until 31 Dec 2026 00:00 UTC.';
  assert.deepEqual(said({ passOn, maxDepth: 1 }), [
    'May pass on to other agents what it may do itself, over at most 1 hop.',
    passing,
  ]);
  assert.deepEqual(said({ passOn, passesOn: false }), [
    'May not pass on what it may do itself; other things over at most 4 hops.',
    passing,
  ]);
  assert.deepEqual(said({ passesOn: false }), ['May not pass on what it may do itself.']);
  assert.deepEqual(said({ passOn, maxDepth: 0 }), ['Passes nothing on to other agents.']);
});

test('every level of autonomy is said, and an empty mandate is said to be empty', () => {
  const first = (autonomy: MandateDocument['autonomy']) => mandateSentences(aDocument({ autonomy }))[0];
  assert.match(first('observe') ?? '', /^Only reads/);
  assert.match(first('propose') ?? '', /^Asks a person before everything but reading/);
  assert.equal(mandateSentences(aDocument({ permissions: [] }))[1], 'May call nothing.');
});

test('what cannot be seen is written out, so that nothing reads as something else', () => {
  const [, sentence = ''] = mandateSentences(
    aDocument({
      permissions: [{ system: 'payments', actions: ['re\u202efund', 'a; may call all'], where: { '/a b': { like: 'x\u200b' } } }],
    }),
  );
  assert.equal(
    sentence,
    'May call "payments.re\\u{202e}fund" or "payments.a; may call all" when "/a b" matches "x\\u{200b}"; until 31 Dec 2026 00:00 UTC.',
  );
});

const text = fc.string({ minLength: 1, maxLength: 8 });
const amount = fc.tuple(fc.integer({ min: -9999, max: 9999 }), fc.nat(9999)).map(([whole, part]) => `${whole}.${part}`);
const constraint = fc
  .record(
    {
      max: amount,
      min: amount,
      over: amount,
      under: amount,
      in: fc.array(fc.oneof(text, fc.integer(), fc.boolean()), { minLength: 1, maxLength: 3 }),
      like: text,
      notLike: text,
      maxLength: fc.nat(999),
      maxItems: fc.nat(999),
      eachIn: fc.array(text, { minLength: 1, maxLength: 3 }),
    },
    { requiredKeys: [] },
  )
  .filter((one) => Object.keys(one).length > 0);
const conditions = fc.dictionary(fc.constantFrom('/amount', '/to', '/a~1b', '/items/0'), constraint, {
  minKeys: 1,
  maxKeys: 3,
  noNullPrototype: true,
});
const because = fc.string({ unit: fc.constantFrom(...'abc '), minLength: 1, maxLength: 9 });
const document = fc
  .array(
    fc.record({
      system: fc.constantFrom('payments', 'crm'),
      actions: fc.array(text, { minLength: 1, maxLength: 3 }),
      where: conditions,
      hold: fc.array(fc.record({ when: conditions, because }), { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((permissions) => aDocument({ permissions }));

test('limits, patterns and units in words', () => {
  const of = [{ system: 'payments', actions: ['refund'], where: { '/region': { in: ['EU'] } } }];
  const sentences = mandateSentences(
    MandateDocument.parse({
      agent: 'agt_00000000000000000000000001',
      purpose: 'p',
      autonomy: 'act_within_limits',
      expiresAt: '2026-12-31T00:00:00Z',
      permissions: [
        {
          system: 'payments',
          actions: ['refund'],
          where: { '/amount': { max: 250, unit: { at: '/currency', is: 'EUR' } }, '/order': { pattern: 'EU-[0-9]+' } },
        },
      ],
      limits: [
        { of, measure: { sum: '/amount', unit: { is: 'EUR', at: '/currency' } }, max: 250, per: 'agent', within: 'P30D' },
        {
          of: [{ system: '*', actions: ['*'], effects: ['external'] }],
          measure: 'pace',
          max: 10,
          per: 'organisation',
          within: 'PT1M',
          exceed: 'hold',
        },
        { of: [{ system: 'mail', actions: ['send', 'reply'] }], measure: { distinct: '/to' }, max: 5, per: 'task' },
        {
          of: [{ system: 'crm', actions: ['search'] }],
          measure: { rows: '/limit', most: 50 },
          max: 1000,
          per: 'owner',
          within: 'PT90M',
        },
      ],
    }),
  );
  assert.deepEqual(sentences.slice(0, -1), [
    'Acts by itself within these limits; asks a person before what nothing here bounds, where that is money, final, external or unknown, until 31 Dec 2026 00:00 UTC.',
    'May call payments.refund when /amount is at most 250, /currency is "EUR" and /order matches the pattern "EU-[0-9]+"; until 31 Dec 2026 00:00 UTC.',
    'May call payments.refund where /region is "EU" up to 250 EUR in total (/amount) in any 30 days, counting what is done for it; more is refused.',
    'May begin to call every operation of any system with the effect external up to 10 times, whatever comes of it, in any minute, counting all agents; more asks a person.',
    'May call mail.send or mail.reply with up to 5 different values of /to in one task, counting what is done for it; more is refused.',
    'May call crm.search for up to 1000 rows of results in all in any 90 minutes, counting all agents of its owner; more is refused.',
  ]);
});

test('no constraint, action, or reason to ask goes unsaid, and the words are always the same', () => {
  fc.assert(
    fc.property(document, (one) => {
      const sentences = mandateSentences(one);
      assert.deepEqual(sentences, mandateSentences(MandateDocument.parse(structuredClone(one))));
      one.permissions.forEach(({ system, actions, where = {}, hold = [] }, at) => {
        const sentence = sentences[at + 1] ?? '';
        for (const action of actions)
          assert.ok(actions.includes('*') || sentence.includes(cedarLiteral(`${system}.${action}`).slice(1, -1)), action);
        for (const rule of hold) assert.ok(sentence.includes(cedarLiteral(rule.because)));
        for (const group of [where, ...hold.map(({ when = {} }) => when)]) {
          for (const [pointer, limits] of Object.entries(group)) {
            for (const [member, limit] of Object.entries(limits)) {
              for (const one of [limit].flat()) {
                assert.ok(typeof one !== 'object');
                const said = `${pointer} ${words[member]}`;
                assert.ok(sentence.includes(said), `${said} in ${sentence}`);
                assert.ok(
                  sentence.includes(typeof one === 'string' && !isLimit(member) ? cedarLiteral(one) : String(one)),
                  `${one} in ${sentence}`,
                );
              }
            }
          }
        }
      });
    }),
    { numRuns: 300 },
  );
});

const words: Readonly<Record<string, string>> = {
  max: 'is at most ',
  min: 'is at least ',
  over: 'is more than ',
  under: 'is less than ',
  in: 'is ',
  like: 'matches ',
  notLike: 'does not match ',
  maxLength: 'has at most ',
  maxItems: 'has at most ',
  eachIn: 'holds nothing but ',
};
const isLimit = (member: string) => ['max', 'min', 'over', 'under'].includes(member);
