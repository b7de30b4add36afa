import assert from 'node:assert/strict';
import { type EventType, events } from '@surety/contract/events';
import { canonicalJson, fromPlain } from '@surety/contract/exact-json';
import * as fc from 'fast-check';
import { test } from 'vitest';
import * as z from 'zod';
import { compileWriter, type Writer } from './compile-writer.ts';
import { type AuditEvent, entryOf } from './entry.ts';

const now = 1_800_000_000_123;
const clock = () => now;
const issued = {
  type: 'token.issued',
  actor: 'agt_1',
  about: 'agt_1',
  task: 'tsk_1',
  data: { tokenId: 'tok_1', credential: 'crd_1', task: null, audience: 'https://gw', jkt: 'k', expiresAt: 'then' },
} as const satisfies AuditEvent;

const types = Object.keys(events) as EventType[];
const writerOf = (type: EventType): Writer => {
  const write = compileWriter(events[type]);
  assert.ok(write, `${type} is made of something that is not written the short way`);
  return write;
};

/** Everything an event may be made of, what it may not, and odd texts and numbers. */
const value: fc.Arbitrary<unknown> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('\ud800', 'a"b\\\n', '\u2028', 'x'.repeat(100), 'x'.repeat(101), 'x'.repeat(1_001), '', '__proto__'),
  fc.constantFrom(0, -0, 1, -7, 1.5, 1e21, 1e-7, 2 ** 53, Number.MAX_SAFE_INTEGER, Number.NaN, Infinity),
  fc.constantFrom(null, undefined, true, false, [], {}, new Date(0), 7n, ['a', 'b'], ['a', undefined], ['a', 7]),
  fc.constantFrom(
    ...Object.values(z.toJSONSchema(events['call.denied']).properties ?? {}).flatMap(
      (one) => (one as { enum?: string[] }).enum ?? [],
    ),
  ),
);

/** What the schema and the general writer make of it, which is what is to be recorded; undefined when they refuse. */
function slowly(type: EventType, data: unknown): string | undefined {
  const read = (events[type] as z.ZodType).safeParse(data);
  try {
    return read.success ? canonicalJson(fromPlain(read.data)) : undefined;
  } catch {
    return undefined;
  }
}

type Definition = {
  type: string;
  shape?: Record<string, z.ZodType>;
  innerType?: z.ZodType;
  element?: z.ZodType;
  entries?: object;
  format?: string;
};

/** A strict object; what may be left out sometimes is. */
function recordOf(shape: Record<string, z.ZodType>): fc.Arbitrary<unknown> {
  const names = Object.keys(shape).filter((name) => (shape[name]?._zod.def as Definition | undefined)?.type !== 'optional');
  return fc.record(Object.fromEntries(Object.entries(shape).map(([name, one]) => [name, valuesOf(one)])), {
    requiredKeys: names,
    noNullPrototype: true,
  });
}

/** Mostly what a schema takes, sometimes anything. */
function valuesOf(schema: z.ZodType): fc.Arbitrary<unknown> {
  const { type, shape = {}, innerType, element, entries = {}, format } = schema._zod.def as unknown as Definition;
  const text = fc.oneof(fc.string({ maxLength: 12 }), fc.string({ unit: 'grapheme', maxLength: 4 }));
  const good = {
    string: () => text,
    number: () => (format === undefined ? fc.double({ noNaN: true, min: -1e9, max: 1e9 }) : fc.integer()),
    boolean: () => fc.boolean(),
    enum: () => fc.constantFrom(...Object.values(entries)),
    optional: () => fc.oneof(fc.constant(undefined), valuesOf(innerType ?? z.never())),
    nullable: () => fc.oneof(fc.constant(null), valuesOf(innerType ?? z.never())),
    array: () => fc.array(valuesOf(element ?? z.never()), { maxLength: 3 }),
    object: () => recordOf(shape),
  }[type];
  assert.ok(good, `an event holds a ${type}`);
  return fc.oneof({ weight: 60, arbitrary: good() }, { weight: 1, arbitrary: value });
}

test('whatever is given for an event, the short way writes what the schema takes, letter for letter, and refuses the rest', () => {
  for (const type of types) {
    const write = writerOf(type);
    let [written, refused] = [0, 0];
    const more = fc.oneof(
      { weight: 9, arbitrary: fc.constant({}) },
      { weight: 1, arbitrary: fc.dictionary(fc.constantFrom('more', '__proto__', 'type'), value) },
    );
    const data = fc
      .tuple(valuesOf(events[type]), more)
      .map(([one, other]) => (typeof one === 'object' ? { ...one, ...other } : one));
    fc.assert(
      fc.property(data, (one) => {
        const quickly = write(one);
        if (quickly === undefined) refused++;
        else written++;
        assert.equal(quickly, slowly(type, one), type);
      }),
      { numRuns: 80 },
    );
    assert.ok(written > 10 && refused > 0, `${type}: ${written} written, ${refused} refused`);
  }
});

test('the body of an entry is canonical JSON of exactly what happened', () => {
  for (const event of [issued, { ...issued, task: undefined }, { ...issued, about: 'a"b\u2028é', actor: '' }]) {
    const { id, body, at } = entryOf(event, clock);
    const { type, actor, about, task, data } = event;
    const members = { about, actor, at: at.toISOString(), data, id, ...(task === undefined ? {} : { task }), type };
    assert.equal(body, canonicalJson(fromPlain(members)));
    assert.equal(at.getTime(), now);
  }
});

test.each([
  { data: { ...issued.data, more: 1 } },
  { data: { ...issued.data, jkt: 'k'.repeat(101) } },
  { data: { ...issued.data, audience: undefined } },
  { data: { ...issued.data, audience: '\ud800' } },
  { data: null },
  { actor: '\udc00' },
  { about: '\ud800x' },
  { task: '\ud800' },
])('an event that is not what its contract says is not recorded: %j', (change) => {
  assert.throws(() => entryOf({ ...issued, ...change } as AuditEvent, clock), { code: 'internal' });
});
