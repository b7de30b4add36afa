import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toBase64 } from '@surety/transparency/bytes';
import { formatCheckpoint } from '@surety/transparency/checkpoint';
import { leafHash } from '@surety/transparency/merkle';
import { formatVerifierKey, signNote } from '@surety/transparency/note';
import { hashesOver, inclusionProof, rootOf } from '@surety/transparency/subtree';
import { afterEach, beforeEach, test } from 'vitest';
import { openTerminal, type Terminal } from './terminal.ts';
import { at, signedIn } from './world.ts';

let terminal: Terminal;
let folder: string;
let log: Log;
const run: Terminal['run'] = (line, typed) => terminal.run(line, typed);

/** A ledger with a key of its own; what it serves can be changed behind its back. */
type Log = { entries: string[]; signed: string[]; readonly vkey: string; note(): string };

function openLog(count: number): Log {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url');
  const origin = 'surety.test/log';
  const signer = { name: origin, publicKey: raw, sign: (bytes: Uint8Array) => sign(null, bytes, privateKey) };
  const entries = Array.from({ length: count }, (_, index) => entry(index));
  return {
    entries,
    signed: [...entries],
    vkey: formatVerifierKey(origin, raw),
    note() {
      return signNote(formatCheckpoint({ origin, size: this.signed.length, root: rootOf(this.signed.map(leafHash)) }), signer);
    },
  };
}

function entry(index: number): string {
  return JSON.stringify({ about: `agt_${index}`, actor: 'hum_1', at, data: {}, id: `evt_${index}`, type: 'call.denied' });
}

function serve(one: Log): void {
  const { answers } = terminal.server;
  answers['getCheckpoint'] = () => ({
    origin: 'surety.test/log',
    size: one.signed.length,
    root: toBase64(rootOf(one.signed.map(leafHash))),
    note: one.note(),
    vkey: one.vkey,
  });
  answers['listEntries'] = ({ from, limit }: { from: number; limit: number }) => ({
    items: one.entries
      .slice(from, from + limit)
      .map((text, at2) => ({ index: from + at2, leaf: toBase64(leafHash(text)), entry: text })),
  });
  answers['proveInclusion'] = ({ index }: { index: number }) => {
    const leaves = one.signed.map(leafHash);
    const hashes = inclusionProof(index, leaves.length, hashesOver(leaves)).map(toBase64);
    return {
      index,
      size: leaves.length,
      leaf: toBase64(leaves[index]!),
      hashes,
      entry: one.entries[index],
      checkpoint: one.note(),
    };
  };
}

function append(one: Log, count: number): void {
  for (let index = one.entries.length, end = index + count; index < end; index += 1) {
    one.entries.push(entry(index));
    one.signed.push(entry(index));
  }
}

beforeEach(async () => {
  terminal = await signedIn();
  folder = await mkdtemp(join(tmpdir(), 'surety-log-'));
  log = openLog(700);
  serve(log);
});
afterEach(() => terminal.close());

async function exported(): Promise<string> {
  const path = join(folder, 'log.jsonl');
  await writeFile(path, (await run('log export')).out);
  return path;
}

async function tampered(path: string, change: (lines: string[]) => string[]): Promise<string> {
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  const to = join(folder, 'tampered.jsonl');
  await writeFile(to, `${change(lines).join('\n')}\n`);
  return to;
}

test('export and verify offline: no server, no context, no network', async () => {
  const path = await exported();
  const other = await openTerminal();
  const { code, out, err } = await other.run(['log', 'verify', '--file', path, '--key', log.vkey]);
  await other.close();
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /^✓ 700 entries checked, no gaps {6}root \S+\n {2}surety\.test\/log\n$/);
  assert.equal(other.server.seen.length, 0);
});

test('verify: an export can come through a pipe, and the key from a file', async () => {
  const { out } = await run('log export');
  await writeFile(join(folder, 'key'), `${log.vkey}\n`);
  assert.equal((await run(['log', 'verify', '--file', '-', '--key', join(folder, 'key')], { stdin: out })).code, 0);
});

test('attack: one changed entry is found and named: exit 8', async () => {
  const path = await exported();
  await run(['log', 'checkpoint', '--keep', join(folder, 'kept.cp')]);
  const changed = await tampered(path, (lines) =>
    lines.map((line) =>
      line.includes('"index":91,') ? line.replace('call.denied', 'call.allowed').replace(/"leaf":"[^"]*",/, '') : line,
    ),
  );
  const { code, out } = await run(['log', 'verify', '--file', changed, '--from-checkpoint', join(folder, 'kept.cp')]);
  assert.equal(code, 8);
  assert.equal(out, '✗ Entry 91 does not match its kept leaf hash.\n  Entries before 91 are intact.\n');
  const json = await run(['log', 'verify', '--file', changed, '--from-checkpoint', join(folder, 'kept.cp'), '-o', 'json']);
  assert.equal(json.code, 8);
  assert.deepEqual(JSON.parse(json.out), {
    ok: false,
    reason: 'entry.differs',
    says: 'Entry 91 does not match its kept leaf hash.',
    first: 91,
    last: 91,
  });
});

test('attack: an entry that is left out, repeated, put elsewhere, or added is found: exit 8', async () => {
  const path = await exported();
  const changes: Readonly<Record<string, (lines: string[]) => string[]>> = {
    missing: (lines) => lines.toSpliced(50, 1),
    repeated: (lines) => lines.toSpliced(50, 0, lines[50]!),
    cut: (lines) => lines.slice(0, -5),
    unfinished: (lines) => lines.slice(0, -1),
    added: (lines) => lines.toSpliced(-1, 0, lines[50]!.replace(/"index":\d+/, '"index":700')),
    nothing: () => [''],
  };
  for (const [name, change] of Object.entries(changes)) {
    assert.equal((await run(['log', 'verify', '--file', await tampered(path, change), '--key', log.vkey])).code, 8, name);
  }
});

test('verify --file needs the key from where it was kept, never from the export', async () => {
  const path = await exported();
  const { code, out, err } = await run(['log', 'verify', '--file', path]);
  assert.deepEqual([code, out], [2, '']);
  assert.match(err, /Add --key/);
  assert.equal((await run(['log', 'verify', '--file', path, '--key', openLog(1).vkey])).code, 8);
  assert.equal((await run(['log', 'verify', '--file', path, '--key', 'surety.test/log+00000000+AAAA'])).code, 2);
  assert.equal((await run(['log', 'verify', '--file', '/absent', '--key', log.vkey])).code !== 0, true);
});

test('checkpoint --keep checks everything first, then keeps the note, the key and the leaf hashes', async () => {
  const path = join(folder, '2026-11-25.cp');
  const { code, out, err } = await run(['log', 'checkpoint', '--keep', path]);
  assert.equal(code, 0);
  assert.equal(out, log.note());
  assert.match(err, /kept in .*\.leaves, after all 700 entries were checked/);
  assert.equal(await readFile(path, 'utf8'), log.note());
  assert.equal((await readFile(`${path}.vkey`, 'utf8')).trim(), log.vkey);
  assert.equal((await stat(`${path}.leaves`)).size, 700 * 32);
  log.entries[5] = entry(6);
  const wrong = await run(['log', 'checkpoint', '--keep', join(folder, 'wrong.cp')]);
  assert.equal(wrong.code, 8);
  await assert.rejects(stat(join(folder, 'wrong.cp')));
});

test('verify online: says what is new since the checkpoint that was kept', async () => {
  const path = join(folder, 'kept.cp');
  await run(['log', 'checkpoint', '--keep', path]);
  append(log, 300);
  const { code, out } = await run(['log', 'verify', '--from-checkpoint', path]);
  assert.equal(code, 0);
  assert.match(out, /^✓ 300 new entries follow the checkpoint you kept\n✓ 1,000 entries checked, no gaps/);
});

test('attack: a server that changes an entry and signs anew is found by the kept checkpoint, with the entry', async () => {
  const path = join(folder, 'kept.cp');
  await run(['log', 'checkpoint', '--keep', path]);
  log.entries[123] = entry(9);
  log.signed = [...log.entries];
  const { code, out } = await run(['log', 'verify', '--from-checkpoint', path]);
  assert.equal(code, 8);
  assert.match(out, /^✗ Entry 123 does not match its kept leaf hash\.\n {2}Entries before 123 are intact\.\n$/);
});

test('verify online: the key is kept from the first time, and what was checked must stay', async () => {
  const first = await run('log verify');
  assert.equal(first.code, 0);
  assert.match(first.err, /The key of this log was not known here; from now on it is kept\.\n {2}surety\.test\/log\+/);
  const again = await run('log verify');
  assert.deepEqual([again.code, again.err], [0, '']);
  assert.match(again.out, /^✓ 0 new entries follow/);
  log.entries[123] = entry(9);
  log.signed = [...log.entries];
  const rewritten = await run('log verify');
  assert.equal(rewritten.code, 8);
  assert.match(rewritten.out, /signed two different trees of 700 entries/);
  const stillRewritten = await run('log verify');
  assert.equal(stillRewritten.code, 8);
});

test('attack: another key, a shorter log, or a log that hides entries is refused', async () => {
  await run('log verify');
  const other = openLog(700);
  serve(other);
  assert.equal((await run('log verify')).code, 8);
  serve(log);
  const shorter = { ...log, signed: log.signed.slice(0, 600), entries: log.entries.slice(0, 600) };
  serve(shorter);
  const rolledBack = await run('log verify');
  assert.equal(rolledBack.code, 8);
  assert.match(rolledBack.out, /The export ends before entry 600; the kept checkpoint covers 700/);
  serve({ ...log, entries: log.entries.slice(0, 650) });
  assert.equal((await run('log verify')).code, 8);
  serve(log);
  assert.equal((await run('log verify')).code, 0);
});

test('prove: the proof is checked here, not believed', async () => {
  const { code, out } = await run('log prove 91');
  assert.equal(code, 0);
  assert.match(out, /^✓ Entry 91 is under the signed tree of 700 entries\.\n {2}\{"about":"agt_91"/);
  log.entries[91] = entry(92);
  assert.equal((await run('log prove 91')).code, 8);
  log.entries[91] = entry(91);
  assert.equal((await run(['log', 'prove', '91', '--key', openLog(1).vkey])).code, 8);
  assert.equal(JSON.parse((await run('log prove 0 -o json')).out).holds, true);
  for (const wrong of ['x', '-1', '1.5']) assert.equal((await run(['log', 'prove', wrong])).code, 2);
});

test('tail: entries as they are added, each once', async () => {
  const stop = new AbortController();
  setTimeout(() => append(log, 2), 100);
  const lines: string[] = [];
  const { code } = await run('log tail', {
    signal: stop.signal,
    onOutput: (text) => {
      lines.push(text);
      if (lines.length === 2) setTimeout(() => stop.abort(), 700);
    },
  });
  assert.equal(code, 130);
  assert.equal(lines.length, 2);
  assert.match(lines[0] ?? '', /^700 {2}.*call\.denied {2}hum_1 {2}agt_700\n$/);
});
