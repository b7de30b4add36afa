import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { test } from 'vitest';
import { readRow } from './harness/read-row.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

async function runBench(...given: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, ['--conditions=@surety/source', 'bench/bench.ts', ...given], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number]>,
  ]);
  return { code, out, err };
}

test('verify prints one JSON object a line, a row for each peer, each with its floor and ratio', async () => {
  const { code, out, err } = await runBench('verify', '--quick', '--json', '--no-pin');
  assert.equal(code, 0, err);
  const rows = out.trimEnd().split('\n').map(readRow);
  const peers = ['jose 6', 'oauth4webapi 3', 'one bare ES256 verify'];
  assert.deepEqual(
    rows.map((row) => [row.case, row.peer?.name]),
    [...peers.map((peer) => ['verify', peer]), ...peers.map((peer) => ['verify first use', peer])],
  );
  for (const row of rows) {
    assert.ok(row.ours > 0 && row.ours >= row.spread[0] && row.ours <= row.spread[1], 'the median lies within the spread');
    const ratio = (row.peer?.value ?? 0) / row.ours;
    assert.ok(Math.abs(ratio / (row.ratio ?? 0) - 1) < 0.01, 'the ratio is theirs by ours where less is better');
    assert.ok((row.floor ?? 0) > 0);
  }
});

test('without a known name it says what there is, and measures nothing', async () => {
  const { code, out, err } = await runBench('speed', '--json');
  assert.deepEqual([code, out], [2, '']);
  assert.match(err, /verify .*\n.*decide /);
});
