import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { ExactNumber } from './exact-number.ts';

function read(text: string): ExactNumber {
  const number = ExactNumber.from(text);
  assert.ok(number, `${text} was refused`);
  return number;
}

/** Whole numbers of up to 64 digits, the most that is kept. */
const wholeText = fc.bigInt({ min: -(10n ** 64n) + 1n, max: 10n ** 64n - 1n }).map(String);

test('a literal keeps the digits it was written with', () => {
  for (const text of ['0', '-0', '1.0', '1e2', '0.10', '9007199254740993', '-12345678901234567890', '1E+2', '420.00']) {
    assert.equal(read(text).text, text);
  }
});

test('one spelling per value: two spellings of one number are one text, two numbers are two', () => {
  const spellings = {
    '100': ['100', '1e2', '1E+2', '100.0', '1.00e2', '1000e-1'],
    '0': ['0', '-0', '0.0', '-0e5', '0e-3'],
    '0.1': ['0.1', '0.10', '1e-1', '10e-2'],
  };
  for (const [canonical, texts] of Object.entries(spellings)) {
    for (const text of texts) assert.equal(read(text).canonical, canonical, text);
  }
  assert.notEqual(read('9007199254740993').canonical, read('9007199254740992').canonical);
});

test('2^53+1 and its neighbours are three different numbers', () => {
  const texts = ['9007199254740992', '9007199254740993', '9007199254740994'];
  assert.deepEqual(
    texts.map((text) => read(text).canonical),
    texts,
  );
  assert.equal(read('9007199254740993').toBigInt(), 9007199254740993n);
});

test('a number that a double would change is refused when it is a fraction, kept when it is whole', () => {
  for (const text of [
    '0.1000000000000000055511151231257827',
    '3.14159265358979323846',
    '1e400',
    '1e-400',
    '9007199254740993.5',
    '1.7976931348623159e308',
  ]) {
    assert.equal(ExactNumber.from(text), undefined, text);
  }
  assert.equal(read('1'.repeat(64)).canonical, '1'.repeat(64));
  assert.equal(ExactNumber.from('1'.repeat(65)), undefined);
  assert.equal(ExactNumber.from('1e64'), undefined);
  assert.equal(read('1e63').canonical.length, 64);
});

test('an exponent cannot make it work: refused at the cost of the literal', () => {
  const started = performance.now();
  for (const text of ['1e999999999', '1e-999999999', `1e${'9'.repeat(10_000)}`, `0.${'0'.repeat(50_000)}1`])
    ExactNumber.from(text);
  assert.ok(performance.now() - started < 200);
});

test('what is no JSON number is refused', () => {
  for (const text of [
    '',
    '-',
    '+1',
    '01',
    '.5',
    '1.',
    '1e',
    '0x10',
    'NaN',
    'Infinity',
    '1 ',
    ' 1',
    '1_000',
    '١',
    '1,5',
    '--1',
    '1e1.5',
    '1\n',
  ]) {
    assert.equal(ExactNumber.from(text), undefined, JSON.stringify(text));
  }
});

test('every whole number to 64 digits keeps its value', () => {
  fc.assert(
    fc.property(wholeText, (text) => {
      const number = read(text);
      assert.equal(number.text, text);
      assert.equal(number.isInteger, true);
      assert.equal(number.toBigInt(), BigInt(text));
      assert.equal(number.canonical, BigInt(text).toString());
    }),
  );
});

test('every double, as JavaScript writes it, is kept or too long; never changed', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (double) => {
      const number = ExactNumber.from(JSON.stringify(double));
      if (number === undefined) return assert.ok(Math.abs(double) >= 1e63);
      assert.equal(number.toNumber() === double, true);
      assert.equal(Number(number.canonical) === double, true);
    }),
  );
});

test('the canonical text reads as itself', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e20, max: 1e20 }), (double) => {
      const { canonical } = read(JSON.stringify(double));
      assert.doesNotMatch(canonical, /[eE]/);
      const again = ExactNumber.from(canonical);
      if (again !== undefined) assert.equal(again.canonical, canonical);
    }),
  );
});

test('whole is a matter of value, not of spelling', () => {
  for (const text of ['1.0', '1e2', '-0', '120e-1']) assert.equal(read(text).isInteger, true, text);
  for (const text of ['1.5', '1e-1', '12e-1', '0.0001']) {
    assert.equal(read(text).isInteger, false, text);
    assert.throws(() => read(text).toBigInt(), RangeError);
  }
});

test("Cedar's decimal holds four fraction digits within 64 bits; past that there is none, so a constraint denies", () => {
  const cases: Readonly<Record<string, string | undefined>> = {
    '1': '1.0',
    '-1': '-1.0',
    '250.5': '250.5',
    '0.0001': '0.0001',
    '0.00001': undefined,
    '1e3': '1000.0',
    '922337203685477.5807': undefined,
    '922337203685477.5': '922337203685477.5',
    '922337203685478': undefined,
    '-922337203685477': '-922337203685477.0',
    '1e15': undefined,
    '-0': '0.0',
    '9007199254740993': undefined,
  };
  for (const [text, decimal] of Object.entries(cases)) assert.equal(ExactNumber.from(text)?.toCedarDecimal(), decimal, text);
});

test('when there is a Cedar decimal, it is the same value', () => {
  fc.assert(
    fc.property(fc.integer({ min: -9_999_999, max: 9_999_999 }), fc.integer({ min: 0, max: 4 }), (digits, places) => {
      const text = JSON.stringify(digits / 10 ** places);
      const decimal = read(text).toCedarDecimal();
      assert.ok(decimal !== undefined);
      assert.match(decimal, /^-?\d+\.\d{1,4}$/);
      assert.equal(Number(decimal), Number(text) + 0);
    }),
  );
});

test('the reader and the reading of one literal agree', () => {
  const literal = fc
    .tuple(
      fc.constantFrom('', '-'),
      fc.nat().map(String),
      fc.option(fc.nat().map(String)),
      fc.option(fc.integer({ min: -400, max: 400 })),
    )
    .map(
      ([sign, whole, fraction, power]) =>
        `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${power === null ? '' : `e${power}`}`,
    );
  fc.assert(
    fc.property(literal, (text) => {
      assert.equal(ExactNumber.fromScanned(text)?.canonical, ExactNumber.from(text)?.canonical);
    }),
  );
});
