import assert from 'node:assert/strict';
import { toBase64 } from '@surety/transparency/bytes';
import { leafHash } from '@surety/transparency/merkle';
import { verifyExport } from '@surety/transparency/verify-log';
import * as fc from 'fast-check';
import { test } from 'vitest';
import { closingLine, entryLine, exportOf, headerLine, leavesOf, openLog } from './log-fixture.ts';

const log = openLog();
const otherLog = openLog();

/** How often the fuzzer runs; a longer run gives another number. */
const numRuns = Number(process.env['SURETY_MUTATIONS'] ?? 600);

type Case = { readonly entries: readonly string[]; readonly place: number; readonly other: number; readonly text: string };

/** What was made of an export, and the first index at which it is not what it was. */
type Mutation = (from: Case) => { readonly lines: readonly string[]; readonly first: number };

const numbered = (entries: readonly string[]) => entries.map((entry, index) => entryLine(index, entry));
const between = (entries: readonly string[], lines: readonly string[]) => [
  headerLine(log),
  ...lines,
  closingLine(log.checkpoint(entries)),
];
const changedText = ({ entries, place, text }: Case) => (entries[place] === text ? `${text}.` : text);
const flipBit = (text: string, place: number) => {
  const bytes = Buffer.from(text);
  const at = place % Math.max(1, bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes.toString('latin1');
};

/** Twelve ways to tamper with a log. Those that change what is signed also sign it anew, as the operator could. */
const mutations: Readonly<Record<string, Mutation>> = {
  'an entry changed, its leaf hash left': (one) => ({
    lines: between(
      one.entries,
      numbered(one.entries).toSpliced(
        one.place,
        1,
        entryLine(one.place, changedText(one), toBase64(leafHash(one.entries[one.place]!))),
      ),
    ),
    first: one.place,
  }),
  'an entry and its leaf hash changed': (one) => ({
    lines: between(one.entries, numbered(one.entries.toSpliced(one.place, 1, changedText(one)))),
    first: one.place,
  }),
  'an entry changed, everything signed anew': (one) => ({
    lines: exportOf(log, one.entries.toSpliced(one.place, 1, changedText(one))),
    first: one.place,
  }),
  'one bit of a leaf hash turned': (one) => {
    const leaf = Buffer.from(leafHash(one.entries[one.place]!));
    leaf[one.other % 32] = leaf[one.other % 32]! ^ (1 << (one.other % 8));
    return {
      lines: between(
        one.entries,
        numbered(one.entries).toSpliced(one.place, 1, entryLine(one.place, one.entries[one.place]!, toBase64(leaf))),
      ),
      first: one.place,
    };
  },
  'an entry deleted': (one) => ({ lines: between(one.entries, numbered(one.entries).toSpliced(one.place, 1)), first: one.place }),
  'an entry deleted, the rest numbered and signed anew': (one) => ({
    lines: exportOf(log, one.entries.toSpliced(one.place, 1)),
    first: one.place,
  }),
  'two entries swapped, numbered and signed anew': (one) => {
    const [low, high] = [Math.min(one.place, one.other), Math.max(one.place, one.other)];
    const swapped = one.entries.with(low, one.entries[high]!).with(high, one.entries[low]!);
    return { lines: exportOf(log, swapped), first: low };
  },
  'an entry inserted, numbered and signed anew': (one) => ({
    lines: exportOf(log, one.entries.toSpliced(one.place, 0, `inserted ${one.text}`)),
    first: one.place,
  }),
  'an entry repeated': (one) => ({
    lines: between(one.entries, numbered(one.entries).toSpliced(one.place, 0, entryLine(one.place, one.entries[one.place]!))),
    first: one.place + 1,
  }),
  'the end cut off, and signed anew': (one) => ({ lines: exportOf(log, one.entries.slice(0, one.place)), first: one.place }),
  'cut off and grown again past its old size': (one) => ({
    lines: exportOf(log, [
      ...one.entries.slice(0, one.place),
      ...one.entries.slice(one.place).map((entry) => `again ${entry}`),
      one.text,
    ]),
    first: one.place,
  }),
  'signed by another key': (one) => ({
    lines: [headerLine(log), ...numbered(one.entries), closingLine(otherLog.checkpoint(one.entries))],
    first: -1,
  }),
};

const cases = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' }), { minLength: 2, maxLength: 60 })
  .chain((entries) =>
    fc.record({
      entries: fc.constant(entries),
      place: fc.nat(entries.length - 1),
      other: fc.nat(entries.length - 1),
      text: fc.string({ maxLength: 30 }),
    }),
  );

test('each of twelve mutations is found, and named at the first entry that is not what it was', async () => {
  const found = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(cases, fc.constantFrom(...Object.keys(mutations)), async (one, name) => {
      fc.pre(!name.startsWith('two entries') || one.place !== one.other);
      const { lines, first } = mutations[name]!(one);
      const kept = { note: log.checkpoint(one.entries), leaves: leavesOf(one.entries) };
      const result = await verifyExport(lines, { vkey: log.vkey, kept });
      assert.ok(!result.ok, name);
      if (first >= 0) assert.deepEqual([result.first, result.last], [first, first], `${name}: ${result.says}`);
      const byRoot = await verifyExport(lines, { vkey: log.vkey, kept: { note: kept.note } });
      assert.ok(!byRoot.ok, `${name}, from the root alone`);
      assert.ok(byRoot.first === undefined || byRoot.first >= first, `${name}: what the root alone names is bad as well`);
      found.set(name, (found.get(name) ?? 0) + 1);
    }),
    { numRuns },
  );
  assert.equal(found.size, Object.keys(mutations).length);
});

test('a clean export is never refused', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ entries, place, other }) => {
      const kept = { note: log.checkpoint(entries.slice(0, place)), leaves: leavesOf(entries.slice(0, place)) };
      const result = await verifyExport(exportOf(log, entries), {
        vkey: log.vkey,
        kept,
        newest: log.checkpoint(entries.slice(0, other)),
      });
      assert.ok(result.ok, result.ok ? '' : result.says);
    }),
    { numRuns: Math.max(100, numRuns / 4) },
  );
});

test('no single turned bit, cut or doubled line is ever accepted', async () => {
  await fc.assert(
    fc.asyncProperty(cases, fc.constantFrom('bit', 'cut', 'line', 'twice'), fc.nat(), async ({ entries }, how, place) => {
      const lines = exportOf(log, entries);
      const at = place % lines.length;
      const line = lines[at]!;
      const changed = {
        bit: () => lines.with(at, flipBit(line, place >> 4)),
        cut: () => lines.with(at, line.slice(0, place % line.length)),
        line: () => lines.toSpliced(at, 1),
        twice: () => lines.toSpliced(at, 0, line),
      }[how]();
      assert.equal((await verifyExport(changed, { vkey: log.vkey })).ok, false);
    }),
    { numRuns },
  );
});
