import type { Random } from './random.ts';

/** Cedar's JSON of values; a Long is a bigint. */
export type Json = boolean | bigint | string | null | readonly Json[] | { readonly [key: string]: Json };

export const types = ['bool', 'long', 'string', 'entity', 'set', 'record', 'ipaddr', 'decimal', 'datetime', 'duration'] as const;
export type Type = (typeof types)[number];

export const constructors = { ipaddr: 'ip', decimal: 'decimal', datetime: 'datetime', duration: 'duration' } as const;
export type ExtensionType = keyof typeof constructors;

const max = 2n ** 63n - 1n;
const longs = [
  0n,
  1n,
  -1n,
  2n,
  3n,
  5n,
  7n,
  60n,
  1000n,
  -1000n,
  86_400_000n,
  2n ** 31n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
];
const extremes = [max, -max, -max - 1n, max - 1n, 2n ** 62n, -(2n ** 62n), 3_037_000_500n, -3_037_000_500n];
const strings = [
  '',
  'a',
  'b',
  'ab',
  'aab',
  'abc',
  'a*b',
  'long',
  'string',
  'é',
  '😀',
  'a\u0000b',
  '__proto__',
  '0',
  '1',
  '5',
  '1.0',
  '10.0.0.1',
  '1d',
];

const texts: Readonly<Record<ExtensionType, readonly string[]>> = {
  ipaddr: [
    '10.0.0.1',
    '10.0.0.0/8',
    '10.0.0.1/32',
    '10.0.0.0/24',
    '10.0.0.7/24',
    '127.0.0.1',
    '127.0.0.1/8',
    '127.0.0.0/7',
    '224.0.0.1',
    '224.0.0.0/4',
    '224.0.0.0/3',
    '240.0.0.0',
    '0.0.0.0/0',
    '255.255.255.255',
    '::',
    '::1',
    '::1/128',
    '::1/127',
    '::/0',
    'ff00::/8',
    'ff02::1',
    'fe80::1/64',
    'ff00::/7',
    '1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7::',
    '::2:3:4:5:6:7:8',
    'FE80::ABCD/10',
  ],
  decimal: [
    '0.0',
    '1.0',
    '1.00',
    '1.0000',
    '-1.0',
    '-0.5',
    '0.5',
    '-0.0',
    '1.0001',
    '12.34',
    '922337203685477.5807',
    '-922337203685477.5808',
    '001.10',
  ],
  datetime: [
    '1970-01-01',
    '1970-01-02',
    '1969-12-31T23:59:59.999Z',
    '2026-02-28T10:00:00Z',
    '2024-02-29T23:59:59.001Z',
    '2026-02-28T10:00:00+0130',
    '2026-02-28T10:00:00.250-2359',
    '0000-01-01',
    '9999-12-31T23:59:59.999Z',
    '0099-03-01',
    '2000-02-29',
  ],
  duration: [
    '0ms',
    '1ms',
    '-1ms',
    '1s',
    '1m',
    '1h',
    '1d',
    '-1d',
    '1d2h3m4s5ms',
    '-1d2h3m4s5ms',
    '90061005ms',
    '9223372036854775807ms',
    '-9223372036854775808ms',
    '106751991167d',
    '-106751991167d',
    '23h59m59s999ms',
  ],
};

/** Texts that are no value of the type, or only just: each at some edge of what its constructor reads. */
const broken: Readonly<Record<ExtensionType, readonly string[]>> = {
  ipaddr: [
    '10.0.0',
    '10.0.0.256',
    '10.0.0.01',
    '10.0.0.1/33',
    '10.0.0.1/08',
    '10.0.0.1/',
    '10.0.0.1/00',
    '10.0.0.1/8/8',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8::',
    '1::2::3',
    '12345::',
    '::1/129',
    '::ffff:10.0.0.1',
    '::10.0.0.1',
    'fe80::1%eth0',
    '[::1]',
    '1:2:3:4:5:6:7:8:9',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8/129',
    '::/1x',
    '10.0.0.1.1',
    '1:2:3:4:5:6::7:8',
    'g::',
  ],
  decimal: [
    '1',
    '1.',
    '.5',
    '+1.0',
    '1.00000',
    ' 1.0',
    '1.0\n',
    '١.0',
    '922337203685477.5808',
    '-922337203685477.5809',
    '1e2',
    '--1.0',
    '-.5',
    '1.0.0',
    '1,0',
  ],
  datetime: [
    '2026-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-01-00',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:60:00Z',
    '2026-01-01T23:59:60Z',
    '2026-01-01T00:00:00',
    '2026-01-01T00:00:00.1Z',
    '2026-01-01T00:00:00+2400',
    '2026-01-01T00:00:00+0060',
    '2026-01-01T00:00:00+01:00',
    '2026-01-01t00:00:00z',
    '2026-1-1',
    '12026-01-01',
    '2026-01-01T23:59:59.1234Z',
    '2026-01-01T00:00:00-2400',
    '2100-02-29',
    '2026-04-31',
    '2026-01-01Z',
    '-2026-01-01',
  ],
  duration: [
    '1h1d',
    '1d1d',
    'd',
    '1',
    '1.5h',
    '+1d',
    '1D',
    '9223372036854775808ms',
    '-9223372036854775809ms',
    '106751991168d',
    '-106751991168d',
    '99999999999999999999d',
    '1ms1s',
    ' 1d',
    '1d ',
    '--1d',
    '1d-1h',
  ],
};

/** Nothing, a sign and a letter; and whatever another type reads. */
const alien: readonly string[] = ['', '-', 'x', '1.0', '10.0.0.1', '2026-01-01', '1d', '-0ms', '-0.0'];

/** Values that are nearly the same, so that comparing them is not a matter of course. */
const close: Readonly<Partial<Record<ExtensionType, readonly string[]>>> = {
  ipaddr: ['10.0.0.0', '10.0.0.0/8', '10.0.0.0/24', '::', '::/0', '0.0.0.0', '0.0.0.0/0', '::1', '::1/127'],
  datetime: ['1970-01-01', '1970-01-01T00:00:00.001Z', '1970-01-01T01:00:00+0100', '1969-12-31T23:59:59.999Z'],
};

export const entityTypes = ['U', 'G', 'D', 'N::T'] as const;
const ids = ['a', 'b', 'c', '\u0000', ''] as const;

export function randomUid(random: Random): { readonly type: string; readonly id: string } {
  return { type: random.pick(entityTypes), id: random.chance(90) ? random.pick(ids.slice(0, 3)) : random.pick(ids) };
}

export function randomAction(random: Random): { readonly type: string; readonly id: string } {
  return { type: random.chance(90) ? 'Action' : 'N::Action', id: random.pick(['x', 'y', 'z', 'g', 'h']) };
}

export function randomLong(random: Random): bigint {
  if (random.chance(10)) return BigInt.asIntN(64, (BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32)));
  return random.pick(random.chance(88) ? longs : extremes);
}

export function randomString(random: Random): string {
  if (random.chance(80)) return random.pick(strings);
  return random.many(random.below(7), () => random.pick(['a', 'b', '*', 'é', '😀'])).join('');
}

/** The text of an extension value; with `anything` also one that may be none. */
export function randomText(random: Random, type: ExtensionType, { anything }: { readonly anything: boolean }): string {
  if (anything && random.chance(10)) return randomBroken(random, type);
  if (random.chance(30)) return random.pick(close[type] ?? texts[type]);
  const text = random.pick(texts[type]);
  if (type === 'decimal' && random.chance(30)) return `${random.pick(['', '-'])}${random.below(1000)}.${random.below(10_000)}`;
  if (type === 'duration' && random.chance(30))
    return `${random.pick(['', '-'])}${random.below(50)}h${random.below(5000)}m${random.below(9)}ms`;
  if (!anything || random.chance(90)) return text;
  const at = random.below(text.length + 1);
  return (
    text.slice(0, at) + random.pick(['', '0', '1', '9', ':', '.', '/', 'd', '-', 'Z', 'a']) + text.slice(at + random.below(2))
  );
}

/** A text at the edge of what the constructor of a type reads, mostly beyond. */
export function randomBroken(random: Random, type: ExtensionType): string {
  return random.pick(random.chance(90) ? broken[type] : alien);
}

/** A value as it stands in entities and in the context. */
export function randomValue(random: Random, type: Type, depth = 2): Json {
  switch (type) {
    case 'bool':
      return random.chance(50);
    case 'long':
      return randomLong(random);
    case 'string':
      return randomString(random);
    case 'entity':
      return { __entity: random.chance(90) ? randomUid(random) : randomAction(random) };
    case 'set':
      return randomMembers(random, depth);
    case 'record':
      return Object.fromEntries(randomFields(random, depth));
    default:
      return { __extn: { fn: constructors[type], arg: randomText(random, type, { anything: false }) } };
  }
}

function randomMembers(random: Random, depth: number): Json {
  const size = random.pick([0, 1, 2, 3, 3, 10]);
  const own = depth > 0 ? random.pick(types) : random.pick(['bool', 'long', 'string', 'entity'] as const);
  const simple: Type = depth > 0 ? own : own === 'set' || own === 'record' ? 'long' : own;
  return random.many(size, () => randomValue(random, random.chance(85) ? simple : 'long', depth - 1));
}

function randomFields(random: Random, depth: number): readonly (readonly [string, Json])[] {
  const chosen = types.filter((type) => random.chance(60) && (depth > 0 || (type !== 'set' && type !== 'record')));
  return chosen.map((name) => [
    name,
    randomValue(random, random.chance(90) ? name : random.pick(['bool', 'long', 'string']), depth - 1),
  ]);
}
