import assert from 'node:assert/strict';
import { toBase64 } from '@surety/transparency/bytes';
import { exportFormat, ExportError, formatExportLine, readExportLine, splitLines } from '@surety/transparency/export-lines';
import { leafHash } from '@surety/transparency/merkle';
import { signNote } from '@surety/transparency/note';
import { type ExportFault, type Verification, verifyExport } from '@surety/transparency/verify-log';
import { exportLines } from '@surety/transparency/write-export';
import { test } from 'vitest';
import { closingLine, entryLine, exportOf, headerLine, leavesOf, openLog, someEntries, tilesOf } from './log-fixture.ts';

const log = openLog();
const entries = someEntries(40);
const whole = exportOf(log, entries);
const keptNote = log.checkpoint(entries.slice(0, 25));
const kept = { note: keptNote, leaves: leavesOf(entries.slice(0, 25)) };

function refusedFor(result: Verification, reason: ExportFault, where?: number | readonly [number, number]): void {
  assert.ok(!result.ok, 'it must not be accepted');
  assert.equal(result.reason, reason, result.says);
  const [first, last] = typeof where === 'number' ? [where, where] : (where ?? [undefined, undefined]);
  assert.deepEqual([result.first, result.last], [first, last], result.says);
}

test('a whole export is accepted, with and without what was kept', async () => {
  const plain = await verifyExport(whole, { vkey: log.vkey });
  assert.deepEqual(
    { ...plain, root: undefined },
    { ok: true, origin: log.origin, size: 40, root: undefined, kept: undefined, newest: undefined },
  );
  const result = await verifyExport(whole, {
    vkey: log.vkey,
    kept,
    newest: log.checkpoint(entries.slice(0, 33)),
    tiles: tilesOf(entries).tileOf,
  });
  assert.deepEqual([result.ok && result.kept, result.ok && result.newest], [25, 33]);
});

test('an export of nothing, and one without leaf hashes, are accepted', async () => {
  assert.ok((await verifyExport(exportOf(log, []), { vkey: log.vkey })).ok);
  assert.ok(
    (await verifyExport(exportOf(log, []), { vkey: log.vkey, kept: { note: log.checkpoint([]), leaves: new Uint8Array() } })).ok,
  );
  const bare = [
    headerLine(log),
    ...entries.map((entry, index) => `{"index":${index},"entry":${JSON.stringify(entry)}}`),
    closingLine(log.checkpoint(entries)),
  ];
  assert.ok((await verifyExport(bare, { vkey: log.vkey, kept })).ok);
});

const at = (index: number) => index + 1;
const renumbered = (list: readonly string[]) => list.map((entry, index) => entryLine(index, entry));
const resigned = (list: readonly string[]) => exportOf(log, list);

test('with kept leaf hashes every kind of change is located, though the log itself signs the result', async () => {
  const changes: readonly (readonly [says: string, entries: readonly string[], first: number])[] = [
    ['changed', entries.toSpliced(7, 1, 'changed'), 7],
    ['deleted', entries.toSpliced(7, 1), 7],
    ['the last kept one deleted', entries.toSpliced(24, 1), 24],
    ['swapped', entries.toSpliced(7, 2, entries[8]!, entries[7]!), 7],
    ['inserted', entries.toSpliced(7, 0, 'inserted'), 7],
    ['duplicated', entries.toSpliced(7, 0, entries[6]!), 7],
    ['the first one changed', entries.toSpliced(0, 1, 'changed'), 0],
    ['everything replaced', someEntries(40).map((entry) => `${entry} `), 0],
  ];
  for (const [says, list, first] of changes) {
    const result = await verifyExport(resigned(list), { vkey: log.vkey, kept });
    assert.ok(!result.ok, says);
    assert.deepEqual([result.reason, result.first, result.last], ['entry.differs', first, first], says);
  }
  refusedFor(await verifyExport(resigned(entries.slice(0, 20)), { vkey: log.vkey, kept }), 'entry.missing', 20);
  refusedFor(await verifyExport(resigned([]), { vkey: log.vkey, kept }), 'entry.missing', 0);
});

test('truncated and grown again past the kept size: the kept checkpoint shows it', async () => {
  const regrown = [...entries.slice(0, 20), ...someEntries(30).map((entry) => `new ${entry}`)];
  refusedFor(await verifyExport(resigned(regrown), { vkey: log.vkey, kept }), 'entry.differs', 20);
  refusedFor(await verifyExport(resigned(regrown), { vkey: log.vkey, kept: { note: keptNote } }), 'tree.differs');
});

test('from the kept root alone a change is found, and it says that it cannot say where', async () => {
  const result = await verifyExport(resigned(entries.toSpliced(7, 1, 'changed')), { vkey: log.vkey, kept: { note: keptNote } });
  refusedFor(result, 'tree.differs');
  assert.match(result.ok ? '' : result.says, /cannot be said/);
});

test('a change behind the kept checkpoint is found by the newest one, and narrowed to what lies between', async () => {
  const newest = log.checkpoint(entries);
  const result = await verifyExport(resigned(entries.toSpliced(30, 1, 'changed')), {
    vkey: log.vkey,
    kept: { note: keptNote },
    newest: log.checkpoint(entries.slice(0, 35)),
  });
  refusedFor(result, 'tree.differs', [25, 34]);
  refusedFor(await verifyExport(resigned(entries.slice(0, 30)), { vkey: log.vkey, kept, newest }), 'entry.missing', 30);
});

test('a log that signs two trees of one size is named as such', async () => {
  const other = log.checkpoint(entries.toSpliced(3, 1, 'other'));
  refusedFor(await verifyExport(whole, { vkey: log.vkey, newest: other }), 'log.split');
  refusedFor(await verifyExport(whole, { vkey: log.vkey, kept: { note: other }, newest: log.checkpoint(entries) }), 'log.split');
});

test('an entry that was changed under its leaf hash is located by the leaf hash beside it', async () => {
  const leaf = toBase64(leafHash(entries[12]!));
  const changed = whole.toSpliced(at(12), 1, entryLine(12, 'changed in the database', leaf));
  refusedFor(await verifyExport(changed, { vkey: log.vkey }), 'entry.differs', 12);
});

test('what stands in the wrong place is named where it stands', async () => {
  refusedFor(await verifyExport(whole.toSpliced(at(5), 1), { vkey: log.vkey }), 'entry.missing', 5);
  refusedFor(await verifyExport(whole.toSpliced(at(5), 0, whole[at(4)]!), { vkey: log.vkey }), 'entry.repeated', 5);
  refusedFor(await verifyExport(whole.toSpliced(at(5), 2, whole[at(6)]!, whole[at(5)]!), { vkey: log.vkey }), 'entry.missing', 5);
  refusedFor(await verifyExport([...whole.slice(0, at(30)), whole.at(-1)!], { vkey: log.vkey }), 'entry.missing', 30);
  refusedFor(
    await verifyExport([...whole.slice(0, -1), entryLine(40, 'one more'), whole.at(-1)!], { vkey: log.vkey }),
    'entry.too_many',
    40,
  );
  refusedFor(await verifyExport(whole.slice(0, at(30)), { vkey: log.vkey }), 'export.unfinished', 30);
});

test('tiles locate a change exactly, when entry and leaf hash were both changed', async () => {
  const many = someEntries(70_000 / 50);
  const tiles = tilesOf(many);
  for (const place of [0, 255, 256, 1023, 1024, 1399]) {
    const lines = [headerLine(log), ...renumbered(many.toSpliced(place, 1, 'changed')), closingLine(log.checkpoint(many))];
    refusedFor(await verifyExport(lines, { vkey: log.vkey, tiles: tiles.tileOf }), 'entry.differs', place);
    refusedFor(await verifyExport(lines, { vkey: log.vkey }), 'tree.differs');
  }
});

test('a tile that was changed as well is not believed: the answer is what it spans', async () => {
  const many = someEntries(700);
  const tiles = tilesOf(many);
  const changed = many.toSpliced(300, 1, 'changed');
  tiles.put('tile/0/001', tilesOf(changed).get('tile/0/001'));
  const lines = [headerLine(log), ...renumbered(changed), closingLine(log.checkpoint(many))];
  refusedFor(await verifyExport(lines, { vkey: log.vkey, tiles: tiles.tileOf }), 'tree.differs', [256, 511]);
  tiles.put('tile/1/000', new Uint8Array(64));
  refusedFor(await verifyExport(lines, { vkey: log.vkey, tiles: tiles.tileOf }), 'tree.differs');
});

test('nothing is accepted under another key, another origin, or with what the auditor kept damaged', async () => {
  const other = openLog();
  const foreign = openLog('other.example/log');
  refusedFor(await verifyExport(whole, { vkey: other.vkey }), 'export.other_log');
  refusedFor(await verifyExport(exportOf(other, entries), { vkey: log.vkey }), 'export.other_log');
  refusedFor(
    await verifyExport([headerLine(log), ...whole.slice(1, -1), closingLine(other.checkpoint(entries))], { vkey: log.vkey }),
    'checkpoint.unsigned',
  );
  refusedFor(await verifyExport(whole, { vkey: 'not a key' }), 'key.unreadable');
  refusedFor(await verifyExport(whole, { vkey: log.vkey, kept: { note: other.checkpoint(entries) } }), 'kept.unreadable');
  refusedFor(await verifyExport(whole, { vkey: log.vkey, kept: { note: '' } }), 'kept.unreadable');
  refusedFor(await verifyExport(whole, { vkey: log.vkey, newest: other.checkpoint(entries) }), 'newest.unreadable');
  const misnamed = signNote(`${foreign.origin}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n`, log.signer);
  refusedFor(await verifyExport(whole, { vkey: log.vkey, kept: { note: misnamed } }), 'export.other_log');
  for (const leaves of [
    kept.leaves.subarray(1),
    kept.leaves.subarray(32),
    Buffer.concat([kept.leaves, kept.leaves]),
    leavesOf(entries.slice(1, 26)),
    new Uint8Array(),
  ]) {
    refusedFor(await verifyExport(whole, { vkey: log.vkey, kept: { note: keptNote, leaves } }), 'kept.leaves_differ');
  }
});

const oddities: readonly [says: string, lines: readonly string[], reason: ExportFault][] = [
  ['nothing at all', [], 'export.unfinished'],
  ['an empty line', [''], 'export.malformed'],
  ['a checkpoint alone', [whole.at(-1)!], 'export.malformed'],
  ['no header', whole.slice(1), 'export.malformed'],
  ['two headers', [whole[0]!, ...whole], 'export.malformed'],
  ['a header alone', [whole[0]!], 'export.unfinished'],
  ['another version', [whole[0]!.replace(exportFormat, 'surety-log-2'), ...whole.slice(1)], 'export.malformed'],
  ['a line behind the checkpoint', [...whole, entryLine(40, 'more')], 'export.malformed'],
  ['two checkpoints', [...whole, whole.at(-1)!], 'export.malformed'],
  ['a null line', whole.toSpliced(3, 1, 'null'), 'export.malformed'],
  ['an array', whole.toSpliced(3, 1, '[]'), 'export.malformed'],
  ['a member twice', whole.toSpliced(3, 1, whole[3]!.replace('{"index":2', '{"index":9,"index":2')), 'export.malformed'],
  ['a member too many', whole.toSpliced(3, 1, whole[3]!.replace('{"index":2', '{"more":1,"index":2')), 'export.malformed'],
  ['white space between members', whole.toSpliced(3, 1, whole[3]!.replace(',', ', ')), 'export.malformed'],
  ['another spelling of a number', whole.toSpliced(3, 1, whole[3]!.replace('"index":2', '"index":2.0')), 'export.malformed'],
  ['an index below zero', whole.toSpliced(1, 1, entryLine(-1, entries[0]!)), 'export.malformed'],
  ['an index beyond 2^53', whole.toSpliced(1, 1, whole[1]!.replace('"index":0', '"index":9007199254740993')), 'export.malformed'],
  ['an escape that need not be', whole.toSpliced(1, 1, whole[1]!.replace('about', '\\u0061bout')), 'export.malformed'],
  ['a lone surrogate', whole.toSpliced(1, 1, entryLine(0, '\ud800')), 'export.malformed'],
  ['a leaf hash of 31 bytes', whole.toSpliced(1, 1, entryLine(0, entries[0]!, toBase64(new Uint8Array(31)))), 'export.malformed'],
  ['an entry that is no text', whole.toSpliced(1, 1, '{"index":0,"entry":{}}'), 'export.malformed'],
  ['a checkpoint that is no note', [...whole.slice(0, -1), closingLine('hello')], 'checkpoint.unsigned'],
];

for (const [says, lines, reason] of oddities) {
  test(`an export with ${says} is refused`, async () => {
    const result = await verifyExport(lines, { vkey: log.vkey, kept });
    assert.ok(!result.ok);
    assert.equal(result.reason, reason, result.says);
  });
}

test('a reader that throws ends in a refusal, never in acceptance', async () => {
  const broken = async function* () {
    yield* whole;
    throw new Error('the disk is gone');
  };
  refusedFor(await verifyExport(broken(), { vkey: log.vkey }), 'not.checked');
  const badTiles = () => {
    throw new Error('the disk is gone');
  };
  refusedFor(
    await verifyExport(resigned(entries.slice(1)), { vkey: log.vkey, kept: { note: keptNote }, tiles: badTiles }),
    'not.checked',
  );
});

test('lines end at line feeds alone, whatever the pieces in which the bytes come', async () => {
  const bytes = Buffer.from(`${whole.join('\n')}\n`);
  for (const size of [1, 7, 1000, bytes.length]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, place) =>
      bytes.subarray(place * size, (place + 1) * size),
    );
    const lines: string[] = [];
    for await (const line of splitLines(chunks)) lines.push(line);
    assert.deepEqual(lines, whole);
  }
  assert.ok((await verifyExport(splitLines([bytes]), { vkey: log.vkey })).ok);
});

test('bytes that are cut, or are not UTF-8, are refused', async () => {
  const bytes = Buffer.from(`${whole.join('\n')}\n`);
  refusedFor(await verifyExport(splitLines([bytes.subarray(0, -1)]), { vkey: log.vkey }), 'export.malformed');
  refusedFor(await verifyExport(splitLines([bytes, Buffer.from('x')]), { vkey: log.vkey }), 'export.malformed');
  refusedFor(
    await verifyExport(splitLines([Buffer.concat([bytes.subarray(0, 200), Buffer.of(0xff), bytes.subarray(200)])]), {
      vkey: log.vkey,
    }),
    'export.malformed',
  );
  refusedFor(await verifyExport(splitLines([Buffer.from('\ufeff'), bytes]), { vkey: log.vkey }), 'export.malformed');
  refusedFor(await verifyExport(splitLines([Buffer.from(whole.join('\r\n'))]), { vkey: log.vkey }), 'export.malformed');
  await assert.rejects(async () => {
    for await (const _ of splitLines([Buffer.from('a')]));
  }, ExportError);
});

test('a line is read only as it is written', () => {
  for (const line of [
    { kind: 'header', origin: 'o', vkey: 'v' },
    { kind: 'entry', index: 3, entry: 'x"\\\n', leaf: undefined },
    { kind: 'entry', index: 0, entry: '', leaf: toBase64(new Uint8Array(32)) },
    { kind: 'checkpoint', note: 'n' },
  ] as const)
    assert.deepEqual(readExportLine(formatExportLine(line)), line);
});

test('what a log answers page by page is written as it came, gaps too', async () => {
  const rows = entries.map((entry, index) => ({ index, entry, leaf: toBase64(leafHash(entry)) }));
  const sourceOf = (list: typeof rows) => ({
    checkpoint: async () => ({ origin: log.origin, vkey: log.vkey, size: 40, note: log.checkpoint(entries) }),
    entries: async (from: number, limit: number) => list.filter(({ index }) => index >= from).slice(0, limit),
  });
  assert.deepEqual(await Array.fromAsync(exportLines(sourceOf(rows), 7)), whole);
  assert.deepEqual(await Array.fromAsync(exportLines(sourceOf([...rows, { index: 40, entry: 'newer', leaf: '' }]), 7)), whole);
  refusedFor(await verifyExport(exportLines(sourceOf(rows.toSpliced(11, 1)), 7), { vkey: log.vkey }), 'entry.missing', 11);
  refusedFor(await verifyExport(exportLines(sourceOf(rows.slice(0, 30)), 7), { vkey: log.vkey }), 'entry.missing', 30);
  assert.ok((await verifyExport(exportLines(sourceOf(rows.map((row) => ({ ...row, leaf: '' }))), 7), { vkey: log.vkey })).ok);
});
