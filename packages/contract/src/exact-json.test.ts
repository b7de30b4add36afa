import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import {
  canonicalJson,
  ExactJsonError,
  type ExactJsonCode,
  ExactNumber,
  type ExactValue,
  fromPlain,
  isExactRecord,
  readExactJson,
  toPlain,
  writeExactJson,
} from './exact-json.ts';

function refusal(input: string | Uint8Array, limits = {}): ExactJsonCode | undefined {
  try {
    readExactJson(input, limits);
    return undefined;
  } catch (thrown) {
    assert.ok(thrown instanceof ExactJsonError);
    return thrown.code;
  }
}

const anyText = fc.string({ unit: 'grapheme' });

/** Plain JSON values whose numbers are kept. */
const plain = fc.jsonValue({ maxDepth: 5 });

/** Exact values with whole numbers beyond any double. */
const exact: fc.Arbitrary<ExactValue> = fc.letrec<{ value: ExactValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false),
    anyText,
    fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }).map((whole) => ExactNumber.from(String(whole)) ?? null),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.oneof(anyText, fc.constantFrom('__proto__', 'constructor', 'toString', '')), tie('value'), {
      maxKeys: 5,
      noNullPrototype: false,
    }),
  ),
})).value;

test('whatever JavaScript writes as JSON is read as the same value', () => {
  fc.assert(
    fc.property(plain, (value) => {
      const text = JSON.stringify(value);
      const code = refusal(text);
      if (code !== undefined) return assert.equal(code, 'json.inexact_number');
      assert.deepEqual(JSON.parse(writeExactJson(readExactJson(text))), JSON.parse(text));
    }),
  );
});

test('written and read again, a value is the same, digit for digit', () => {
  fc.assert(
    fc.property(exact, (value) => {
      const text = writeExactJson(value);
      assert.equal(writeExactJson(readExactJson(text)), text);
      assert.equal(canonicalJson(readExactJson(text)), canonicalJson(value));
    }),
  );
});

test('a text is written back exactly when nothing but white space stood around its values', () => {
  for (const text of [
    '{"a":1.0,"b":1e2,"c":9007199254740993}',
    '[0.10,-0,12345678901234567890]',
    '"\u00e4"',
    'null',
    '[]',
    '{}',
  ]) {
    assert.equal(writeExactJson(readExactJson(text)), text);
    assert.equal(writeExactJson(readExactJson(text.replaceAll(/([[\]{},:])/g, ' \n$1\t\r '))), text);
  }
});

test('the canonical text does not depend on the order of keys, and tells values apart', () => {
  assert.equal(canonicalJson(readExactJson('{"b":1,"a":[{"d":2,"c":3}]}')), '{"a":[{"c":3,"d":2}],"b":1}');
  assert.equal(canonicalJson(readExactJson('{"a":1.0}')), canonicalJson(readExactJson('{"a":1}')));
  assert.notEqual(canonicalJson(readExactJson('{"a":9007199254740993}')), canonicalJson(readExactJson('{"a":9007199254740992}')));
  assert.notEqual(canonicalJson(readExactJson('{"a":"1"}')), canonicalJson(readExactJson('{"a":1}')));
});

test('keys are sorted by UTF-16 code unit, as RFC 8785 §3.2.3 has it', () => {
  const text = '{"\\u20ac":1,"\\r":2,"\\ufb33":3,"1":4,"\\ud83d\\ude00":5,"\\u0080":6,"\\u00f6":7}';
  const keys = [...canonicalJson(readExactJson(text)).matchAll(/:(\d)/g)].map((match) => match[1]);
  assert.deepEqual(keys, ['2', '4', '6', '7', '1', '5', '3']);
});

test('shuffling the members of an object changes nothing in its canonical text', () => {
  fc.assert(
    fc.property(
      fc.dictionary(anyText, fc.integer(), { maxKeys: 8, noNullPrototype: true }),
      fc.infiniteStream(fc.nat()),
      (record, random) => {
        const shuffled = Object.entries(record)
          .map((entry) => [random.next().value, entry] as const)
          .sort(([one], [other]) => one - other);
        const other: Record<string, number> = Object.create(null);
        for (const [, [key, value]] of shuffled) other[key] = value;
        assert.equal(canonicalJson(fromPlain(record)), canonicalJson(fromPlain(other)));
      },
    ),
  );
});

test('the same key twice is refused, also when it is spelled differently', () => {
  for (const text of [
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '{"x":{"a":1,"b":2,"a":3}}',
    '{"__proto__":1,"__proto__":2}',
    '{"":1,"":2}',
  ]) {
    assert.equal(refusal(text), 'json.duplicate_key', text);
  }
  assert.equal(refusal('{"a":1,"A":1}'), undefined);
});

test('a duplicate anywhere in any object is refused', () => {
  fc.assert(
    fc.property(fc.dictionary(anyText, fc.nat(), { minKeys: 1, maxKeys: 6, noNullPrototype: true }), fc.nat(), (record, pick) => {
      const entries = Object.entries(record).map(([key, value]) => `${JSON.stringify(key)}:${value}`);
      const again = entries[pick % entries.length] ?? '';
      assert.equal(refusal(`{${[...entries, again].join(',')}}`), 'json.duplicate_key');
    }),
  );
});

test('__proto__ and constructor are plain keys: nothing is inherited and nothing is changed for others', () => {
  const value = readExactJson('{"__proto__":{"admin":true},"constructor":1,"toString":2}');
  assert.ok(isExactRecord(value));
  assert.equal(Object.getPrototypeOf(value), null);
  assert.deepEqual(Object.keys(value), ['__proto__', 'constructor', 'toString']);
  assert.equal(({} as { admin?: boolean }).admin, undefined);
  const back = toPlain(value) as object;
  assert.equal(Object.getPrototypeOf(back), Object.prototype);
  assert.deepEqual(Object.getOwnPropertyDescriptor(back, '__proto__')?.value, { admin: true });
  assert.equal((back as { admin?: boolean }).admin, undefined);
  assert.equal(writeExactJson(value), '{"__proto__":{"admin":true},"constructor":1,"toString":2}');
  assert.equal(writeExactJson(fromPlain(back)), writeExactJson(value));
});

test('2^53+1 is neither rounded nor refused', () => {
  const value = readExactJson('{"amount":9007199254740993}');
  assert.equal(writeExactJson(value), '{"amount":9007199254740993}');
  assert.deepEqual(toPlain(value), { amount: 9007199254740993n });
  assert.equal(writeExactJson(fromPlain({ amount: 9007199254740993n })), '{"amount":9007199254740993}');
});

test('a number that cannot be kept exactly is refused where it stands', () => {
  for (const text of ['0.1000000000000000055511151231257827', '1e400', '3.14159265358979323846', '1'.repeat(65), '1e-4000']) {
    assert.equal(refusal(`[1,${text}]`), 'json.inexact_number', text);
  }
});

test('nesting is limited, to the level', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  assert.equal(refusal(nested(64)), undefined);
  assert.equal(refusal(nested(65)), 'json.too_deep');
  assert.equal(refusal('{"a":'.repeat(65) + '1' + '}'.repeat(65)), 'json.too_deep');
  assert.equal(refusal(nested(1000), { depth: 5000 }), undefined);
  assert.equal(refusal(nested(1001), { depth: 5000 }), 'json.too_deep');
  assert.equal(refusal('['.repeat(1_000_000)), 'json.too_deep');
});

test('siblings do not count as nesting', () => {
  assert.equal(refusal(`[${Array.from({ length: 100 }, () => '[[]]').join(',')}]`, { depth: 3 }), undefined);
});

test('the number of values is limited', () => {
  const list = (length: number): string => `[${Array.from({ length }, () => '0').join(',')}]`;
  assert.equal(refusal(list(99_999)), undefined);
  assert.equal(refusal(list(100_000)), 'json.too_large');
  assert.equal(refusal('[1,2,3]', { nodes: 3 }), 'json.too_large');
});

test('lone surrogates are refused, raw and escaped; pairs are kept', () => {
  for (const text of ['"\\ud800"', '"\\udc00"', '"\\ud800\\ud800"', '"\\udc00\\ud800"', '"a\\ud83d"', '{"\\ud800":1}']) {
    assert.equal(refusal(text), 'json.malformed', text);
  }
  assert.equal(refusal('"\ud800"'), 'json.malformed');
  assert.equal(readExactJson('"\\ud83d\\ude00"'), '\u{1f600}');
  assert.throws(() => fromPlain('\ud800'), ExactJsonError);
  assert.throws(() => fromPlain({ '\ud800': 1 }), ExactJsonError);
});

test('bytes must be UTF-8, without a byte order mark', () => {
  const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
  assert.equal(refusal(bytes(0x22, 0xff, 0x22)), 'json.malformed');
  assert.equal(refusal(bytes(0x22, 0xc0, 0xaf, 0x22)), 'json.malformed');
  assert.equal(refusal(bytes(0x22, 0xed, 0xa0, 0x80, 0x22)), 'json.malformed');
  assert.equal(refusal(bytes(0xef, 0xbb, 0xbf, 0x31)), 'json.malformed');
  assert.equal(refusal('\ufeff1'), 'json.malformed');
  assert.equal(readExactJson(bytes(0x22, 0xc3, 0xa4, 0x22)), 'ä');
});

test('what is no JSON is refused', () => {
  const texts = [
    '',
    ' ',
    '{',
    '[',
    '[1,]',
    '{"a":1,}',
    '{a:1}',
    "{'a':1}",
    '[1 2]',
    '1 2',
    'tru',
    'True',
    'undefined',
    'NaN',
    '-Infinity',
    '01',
    '+1',
    '.5',
    '1.',
    '"\n"',
    '"\u0000"',
    '"\\x41"',
    '"\\u12"',
    '"\\u12g4"',
    '"',
    '"\\"',
    '//1',
    '/**/1',
    '[1]]',
    '{"a"}',
    '{"a":}',
    '{:1}',
    '{"a":1 "b":2}',
    '\u00a01',
    '\u20281',
    '"a"x',
    '-',
    '1e',
  ];
  for (const text of texts) assert.equal(refusal(text), 'json.malformed', JSON.stringify(text));
});

test('whatever is accepted, JSON.parse accepts too: no dialect', () => {
  const soup = fc.array(
    fc.constantFrom('{', '}', '[', ']', ',', ':', '"', 'a', '\\', 'u', '0', '1', '.', 'e', '-', ' ', 'true', 'null', '\n'),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(soup, (pieces) => {
      const text = pieces.join('');
      if (refusal(text) !== undefined) return;
      assert.doesNotThrow(() => JSON.parse(text));
    }),
    { numRuns: 3000 },
  );
});

test('a refusal never quotes the text, and says where', () => {
  try {
    readExactJson('{"password":"hunter2","password":"hunter2"}');
    assert.fail('was accepted');
  } catch (thrown) {
    assert.ok(thrown instanceof ExactJsonError);
    assert.equal(thrown.offset, 22);
    assert.doesNotMatch(thrown.message, /hunter2|password/);
  }
});

test('plain values that JSON cannot hold are refused, not changed', () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  for (const value of [
    undefined,
    () => 1,
    Symbol('x'),
    new Date(0),
    new Map(),
    NaN,
    Infinity,
    2 ** 53,
    -(2 ** 60),
    cycle,
    [undefined],
    new (class A {})(),
  ]) {
    assert.throws(() => fromPlain(value), ExactJsonError);
  }
  assert.equal(writeExactJson(fromPlain({ a: undefined, b: 0.1, c: -0 })), '{"b":0.1,"c":0}');
});

test('plain to exact and back is the same', () => {
  fc.assert(
    fc.property(plain, (value) => {
      let taken: ExactValue;
      try {
        taken = fromPlain(value);
      } catch {
        return;
      }
      assert.deepEqual(JSON.parse(writeExactJson(taken)), JSON.parse(JSON.stringify(value)));
    }),
  );
});
