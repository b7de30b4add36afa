import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, test } from 'vitest';
import { until } from './recording-system.ts';

const bin = fileURLToPath(new URL('../bin/surety.js', import.meta.url));
let folder: string;
let demo: ChildProcess;
let out = '';
let err = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'surety-demo-test-'));
  demo = spawn(process.execPath, [bin, 'demo', '--port', '0'], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  demo.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  demo.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
  await until('the story is told', () => out.includes('Ctrl-C ends it') || demo.exitCode !== null, 110_000);
}, 120_000);
afterAll(async () => {
  demo.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** A command in another terminal, as Maya. */
async function type(...words: readonly string[]): Promise<{ code: number | null; out: string }> {
  const home = /export SURETY_HOME=(\S+)/.exec(out)?.[1];
  const child = spawn(process.execPath, [bin, ...words], {
    env: { ...process.env, SURETY_HOME: home },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out: said };
}

test('every chapter ends as told, on lines that fit the narrowest terminal, without colour in a pipe', () => {
  assert.equal(err, '');
  assert.match(out, /✓ Every step ended as told\.\n/);
  for (const title of ['a normal refund', 'a refund over the limit', 'an agent that goes wrong', 'someone edits the log'])
    assert.ok(out.includes(title), title);
  for (const line of out.split('\n')) {
    if (!line.includes('SURETY_HOME=')) assert.ok([...line].length <= 80, line);
    assert.ok(!line.includes('\u001b'), line);
  }
});

test('the commands that the story shows work in another terminal, as the person who answers', async () => {
  assert.match((await type('whoami')).out, /called: Maya Okafor\n/);
  const shown = [...out.matchAll(/^ +surety ((?:who|why) act_\w+)$/gm)].map(([, line]) => line?.split(' ') ?? []);
  assert.ok(shown.length >= 4);
  for (const words of shown.slice(0, 2)) assert.equal((await type(...words)).code, 0, words.join(' '));
  assert.equal((await type('log', 'verify')).code, 0);
  assert.equal((await type('call', 'shop.read_order', 'order=8839', '--agent', 'refund-bot')).code, 0);
});

test('it ends when it is told to, and leaves nothing behind', async () => {
  const ended = once(demo, 'exit');
  demo.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('surety-demo-')),
    [],
  );
});
