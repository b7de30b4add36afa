import assert from 'node:assert/strict';
import { type Constraint, Constraint as ConstraintSchema } from '@surety/contract/constraint';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import type * as z from 'zod';
import { valueAt } from '../src/argument-facts.ts';
import { openCedar } from '../src/cedar-engine.ts';
import { checkMember } from '../src/check-constraint.ts';
import { membersOf } from '../src/constraint-policy.ts';
import { decide } from '../src/decide.ts';
import { aCall, aDocument, aMandate, args } from './a-call.ts';

const engine = openCedar();
const permissive = aCall(engine);

/** The decision on `{"amount": literal}`, or on no arguments, under one constraint; the other lines permit everything. */
function decided(where: Record<string, z.input<typeof ConstraintSchema>>, text: string, kind: 'where' | 'hold' = 'where') {
  const document = aDocument({
    permissions: [
      {
        system: 'payments',
        actions: ['refund'],
        ...(kind === 'where' ? { where } : { hold: [{ when: where, because: 'asked' }] }),
      },
    ],
  });
  const mandate = aMandate(engine, document);
  return decide({ ...permissive, mandate, call: { ...permissive.call, arguments: args(text) } }, engine);
}

/** A number as a fraction of bigints, read from its digits: shares no code with what is tested. */
function fraction(literal: string): { over: bigint; under: bigint } {
  const [, sign, whole, decimals = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal)!;
  const power = BigInt(exponent) - BigInt(decimals.length);
  const digits = BigInt(`${whole}${decimals}`) * (sign === '-' ? -1n : 1n);
  return power >= 0n ? { over: digits * 10n ** power, under: 1n } : { over: digits, under: 10n ** -power };
}

function compare(left: string, right: string): number {
  const [a, b] = [fraction(left), fraction(right)];
  const difference = a.over * b.under - b.over * a.under;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Whether Cedar can hold it: four decimals, and ten thousand times it within 64 bits. */
function isHeld(literal: string): boolean {
  const { over, under } = fraction(literal);
  return (over * 10_000n) % under === 0n && (over * 10_000n) / under < 2n ** 63n && (over * 10_000n) / under >= -(2n ** 63n);
}

const digits = (max: number) => fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: max });
const integer = digits(22).map((text) => BigInt(text).toString());
const literal = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom('', '-'), fc.nat(500).map(String), fc.option(digits(5)))
      .map(([sign, whole, rest]) => `${sign}${whole}${rest === null ? '' : `.${rest}`}`),
  },
  fc.tuple(fc.constantFrom('', '-'), integer).map(([sign, whole]) => sign + whole),
  fc.tuple(fc.nat(999), fc.integer({ min: -6, max: 25 })).map(([whole, power]) => `${whole}e${power}`),
  fc.constantFrom(
    '9007199254740993',
    '9007199254740992',
    '9223372036854775807',
    '9223372036854775808',
    '-9223372036854775808',
    '922337203685477.5807',
    '922337203685477',
    '922337203685478',
    '-0',
    '0',
    '0.0',
    '1.0',
    '1e3',
    '250',
    '250.0',
    '2.5e2',
    '250.0001',
    '249.9999',
    '250.00001',
    '1e64',
  ),
);
const amount = fc.oneof(
  fc
    .tuple(fc.constantFrom('', '-'), fc.nat(500), fc.option(fc.nat(9999)))
    .map(([sign, whole, rest]) => `${sign}${whole}${rest === null ? '' : `.${rest}`}`),
  fc.constantFrom('250', '0', '-0', '249.9999', '922337203685477.5807', '-922337203685477.5808', '123456789012345.6789', '1'),
);

/** What a reader of exact JSON refuses never becomes an argument. */
function isRead(text: string): boolean {
  try {
    args(text);
    return true;
  } catch {
    return false;
  }
}

describe('a limit on a number', () => {
  const members = {
    max: (order: number) => order <= 0,
    min: (order: number) => order >= 0,
    over: (order: number) => order > 0,
    under: (order: number) => order < 0,
  };

  test('decides by exact arithmetic, and denies what Cedar cannot hold', () => {
    let compared = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...(Object.keys(members) as (keyof typeof members)[])),
        amount,
        literal,
        (member, limit, number) => {
          const text = `{"amount":${number}}`;
          fc.pre(isRead(text));
          compared += 1;
          const expected = isHeld(number) && members[member](compare(number, limit)) ? 'permit' : 'deny';
          assert.equal(decided({ '/amount': { [member]: limit } }, text).outcome, expected);
        },
      ),
      { numRuns: 1200 },
    );
    assert.ok(compared > 800);
  });

  test('as an occasion to ask: asks whenever it is so or Cedar cannot tell', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...(Object.keys(members) as (keyof typeof members)[])),
        amount,
        literal,
        (member, limit, number) => {
          const text = `{"amount":${number}}`;
          fc.pre(isRead(text));
          const expected = !isHeld(number) || members[member](compare(number, limit)) ? 'hold' : 'permit';
          assert.equal(decided({ '/amount': { [member]: limit } }, text, 'hold').outcome, expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('is satisfied by nothing that is not a number', () => {
    const others = [
      '',
      '"5"',
      '"NaN"',
      '"Infinity"',
      '"-0"',
      '"0x5"',
      '" 5"',
      '"５"',
      'null',
      'true',
      '[]',
      '[5]',
      '{}',
      '{"number":5}',
      '{"text":"x","number":5}',
    ];
    for (const other of others) {
      const text = other === '' ? '{}' : `{"amount":${other}}`;
      for (const member of Object.keys(members)) {
        assert.equal(decided({ '/amount': { [member]: 5 } }, text).reason, 'mandate.constraint', `${member} ${other}`);
        assert.equal(decided({ '/amount': { [member]: 5 } }, text, 'hold').reason, 'held.mandate', `${member} ${other}`);
      }
    }
  });
});

const word = fc.oneof(
  fc.constantFrom('a', 'ab', '*', 'a*b', '\\', '\\*', '"', '', 'é', 'é', '😀', '\u202e', 'mail@example.com', '__entity'),
  fc.string({ maxLength: 4 }),
);
const pattern = fc
  .array(fc.oneof(word, fc.constant('*')), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join(''))
  .filter((text) => text !== '');
const value: fc.Arbitrary<unknown> = fc.oneof(
  word,
  pattern,
  fc.boolean(),
  fc.constant(null),
  fc.integer({ min: -3, max: 12 }),
  fc
    .double({ noNaN: true, noDefaultInfinity: true, min: -1e20, max: 1e20 })
    .map((one) => (Number.isInteger(one) ? BigInt(one) : one)),
  fc.maxSafeInteger(),
  fc.constantFrom(2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), 10n ** 30n),
  fc.array(word, { maxLength: 3 }),
  fc.array(fc.oneof(word, fc.integer({ min: 0, max: 9 })), { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('text', 'number', '__entity', '__extn', '__proto__', 'x'), word, { maxKeys: 2 }),
);
const member: fc.Arbitrary<[string, unknown]> = fc.oneof(
  fc.tuple(fc.constantFrom('max', 'min', 'over', 'under'), amount),
  fc.tuple(
    fc.constant('in'),
    fc.array(fc.oneof(word, fc.boolean(), fc.integer({ min: 0, max: 9 }), fc.maxSafeInteger()), { minLength: 1, maxLength: 4 }),
  ),
  fc.tuple(fc.constantFrom('like', 'notLike'), pattern),
  fc.tuple(fc.constantFrom('maxLength', 'maxItems'), fc.nat(4)),
  fc.tuple(fc.constant('eachIn'), fc.array(word, { minLength: 1, maxLength: 4 })),
  fc.tuple(fc.constant('absent'), fc.constant(true)),
  fc.tuple(fc.constant('pattern'), fc.constantFrom('a.*', '[ab*]+', '\\\\.?', '\\w{0,3}@?.*', 'é|😀')),
  fc.tuple(fc.constant('unit'), fc.record({ at: fc.constant('/value'), is: fc.constantFrom('a', 'ab', 'é') })),
);
const constraint = fc
  .array(member, { minLength: 1, maxLength: 2 })
  .map((members) => ConstraintSchema.parse(Object.fromEntries(members)));

function patternOracle(wanted: string, text: string): boolean {
  const source = wanted
    .split('*')
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${source}$`, 'su').test(text);
}

describe('every kind of constraint', () => {
  test('Cedar decides what the explanation says, as a limit and as an occasion to ask', () => {
    const seen = { permit: 0, deny: 0, hold: 0 };
    fc.assert(
      fc.property(constraint, fc.option(value, { nil: undefined }), (limit: Constraint, given) => {
        const argument = args(given === undefined ? {} : { value: given });
        const so = (strictness: 'must' | 'may') =>
          membersOf(limit).every((member) => checkMember(valueAt(argument, '/value'), limit, member, strictness));
        const one = (kind: 'where' | 'hold') => {
          const document = aDocument({
            permissions: [
              {
                system: 'payments',
                actions: ['refund'],
                ...(kind === 'where'
                  ? { where: { '/value': limit } }
                  : { hold: [{ when: { '/value': limit }, because: 'asked' }] }),
              },
            ],
          });
          const mandate = aMandate(engine, document);
          const { outcome, reason } = decide(
            { ...permissive, mandate, call: { ...permissive.call, arguments: argument } },
            engine,
          );
          assert.notEqual(reason, 'policy.error');
          seen[outcome] += 1;
          return outcome;
        };
        assert.equal(one('where'), so('must') ? 'permit' : 'deny');
        assert.equal(one('hold'), so('may') ? 'hold' : 'permit');
      }),
      { numRuns: 1200 },
    );
    assert.ok(
      Object.values(seen).every((count) => count > 100),
      JSON.stringify(seen),
    );
  });

  test('a pattern matches as its stars say and nothing else in it is special', () => {
    fc.assert(
      fc.property(pattern, word, fc.array(word, { maxLength: 3 }), (wanted, filling, more) => {
        for (const text of [filling, more.join(''), wanted, wanted.replaceAll('*', filling)]) {
          const { outcome } = decided({ '/value': { like: wanted } }, JSON.stringify({ value: text }));
          assert.equal(outcome, patternOracle(wanted, text) ? 'permit' : 'deny', JSON.stringify({ wanted, text }));
        }
      }),
      { numRuns: 200 },
    );
  });

  test('arguments that no constraint names change nothing', () => {
    fc.assert(
      fc.property(
        amount,
        literal,
        fc.dictionary(
          fc.string().filter((key) => key !== 'amount'),
          value,
        ),
        (limit, number, extra) => {
          fc.pre(isRead(`{"amount":${number}}`));
          const mandate = aMandate(
            engine,
            aDocument({ permissions: [{ system: 'payments', actions: ['refund'], where: { '/amount': { max: limit } } }] }),
          );
          const plain = args(`{"amount":${number}}`);
          const both = { ...args(extra as object), ...plain };
          const outcomes = [plain, both].map(
            (given) => decide({ ...permissive, mandate, call: { ...permissive.call, arguments: given } }, engine).outcome,
          );
          assert.equal(outcomes[0], outcomes[1]);
        },
      ),
      { numRuns: 300 },
    );
  });
});

test('a pointer reaches into objects and lists, and a key with a slash or tilde', () => {
  const text = '{"order":{"items":[{"price":10},{"price":300}]},"a/b":{"c~d":5},"":1,"__proto__":{"x":7}}';
  const holds = (pointer: string, max: string) => decided({ [pointer]: { max } }, text).outcome;
  assert.equal(holds('/order/items/0/price', '10'), 'permit');
  assert.equal(holds('/order/items/1/price', '10'), 'deny');
  assert.equal(holds('/order/items/2/price', '10'), 'deny', 'beyond the list there is nothing');
  assert.equal(holds('/order/items/01/price', '1000'), 'deny', 'RFC 6901 §4: no leading zeros');
  assert.equal(holds('/order/items/-/price', '1000'), 'deny');
  assert.equal(holds('/order/items/length', '1000'), 'deny');
  assert.equal(holds('/a~1b/c~0d', '5'), 'permit');
  assert.equal(holds('/', '1'), 'permit');
  assert.equal(holds('/__proto__/x', '7'), 'permit', 'a plain key like any other');
  assert.equal(holds('/constructor/name', '7'), 'deny');
});
