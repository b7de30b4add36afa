import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { houseUrl } from '@surety/server/testing/house';
import { afterAll, beforeAll, test } from 'vitest';
import { houseRoot } from './run-command.ts';

/**
 * What is fenced in `docs/first-steps.md`. `sh` is typed and ends with 0, or with `exit=N`; `sh stays` goes on running; a
 * fence without a word is what the one above it prints, in this order and perhaps among more; `ends` is what the newest
 * of those that go on running prints before it ends.
 */
type Step = { readonly kind: 'run' | 'stay' | 'end'; readonly text: string; readonly code: number; readonly expected: string };

type Running = { readonly child: ChildProcess; said: string };

const page = readFileSync(join(houseRoot, 'docs/first-steps.md'), 'utf8');
const running: Running[] = [];
let folder: string;
let ports: readonly (readonly [string, string])[];
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'surety-steps-'));
  symlinkSync(join(houseRoot, 'examples'), join(folder, 'examples'), 'junction');
  mkdirSync(join(folder, 'bin'));
  const options = '--conditions=@surety/source --disable-warning=ExperimentalWarning';
  const program = join(houseRoot, 'packages/surety/bin/surety.js');
  writeFileSync(join(folder, 'bin/surety'), `#!/bin/sh\nexec '${process.execPath}' ${options} '${program}' "$@"\n`);
  writeFileSync(join(folder, 'bin/node'), `#!/bin/sh\nexec '${process.execPath}' --disable-warning=ExperimentalWarning "$@"\n`);
  for (const name of ['surety', 'node']) chmodSync(join(folder, 'bin', name), 0o755);
  const free = await Promise.all([freePort(), freePort(), freePort()]);
  ports = ['8080', '7070', '7071'].map((port, index) => [port, String(free[index])] as const);
  env = {
    PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
    HOME: folder,
    SURETY_HOME: join(folder, 'home'),
    SURETY_DATABASE_URL: await houseUrl(),
    SURETY_PORT: String(free[1]),
    SURETY_GATEWAY_PORT: String(free[2]),
  };
});

afterAll(async () => {
  for (const { child } of running.toReversed()) await end(child);
  rmSync(folder, { recursive: true, force: true });
});

test('every command of docs/first-steps.md does what the page says', { timeout: 120_000 }, async () => {
  const steps = readSteps(page);
  assert.ok(steps.length >= 12, 'the page was read');
  for (const step of steps) await follow(step);
});

test('the mandate that the page shows is the one that it gives', () => {
  const shown = /```yaml\n([^]*?)```/.exec(page)?.[1];
  assert.equal(shown, readFileSync(join(houseRoot, 'examples/first-steps/refund.yaml'), 'utf8'));
});

test('what is not printed, or not in that order, is missed', () => {
  assert.equal(firstMissing('✓ one … two\nthree', 'noise\n  ✓ one and two\n  three times\n'), undefined);
  assert.equal(firstMissing('three\n✓ one …', '✓ one and two\nthree'), '✓ one …');
  assert.equal(firstMissing('a.c', 'abc'), 'a.c');
});

function readSteps(text: string): Step[] {
  const fences = [...text.matchAll(/^```(.*)\n([^]*?)^```$/gm)].map(([, info = '', body = '']) => ({ info, body }));
  return fences.flatMap(({ info, body }, index): Step[] => {
    const next = fences[index + 1];
    const expected = next?.info === '' ? next.body : '';
    if (info === 'ends') return [{ kind: 'end', text: '', code: 0, expected: body }];
    if (!info.startsWith('sh')) return [];
    const code = Number(/exit=(\d+)/.exec(info)?.[1] ?? 0);
    return [{ kind: info.includes('stays') ? 'stay' : 'run', text: body, code, expected }];
  });
}

async function follow({ kind, text, code, expected }: Step): Promise<void> {
  if (kind === 'end') return until(() => running.at(-1), expected);
  const typed = type(withPorts(text));
  if (kind === 'stay') {
    running.push(typed);
    return until(() => typed, expected);
  }
  const ended = await exitOf(typed.child);
  assert.equal(ended, code, `${text}ended with ${ended}, not ${code}:\n${typed.said}`);
  assert.equal(firstMissing(withPorts(expected), typed.said), undefined, `${text}printed:\n${typed.said}`);
}

/** Types lines at a shell that stops at the first one that fails. */
function type(text: string): Running {
  const child = spawn('bash', ['-e'], { cwd: folder, env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  const typed: Running = { child, said: '' };
  const keep = (piece: string): void => void (typed.said += piece);
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  child.stdin.end(text);
  return typed;
}

async function until(one: () => Running | undefined, expected: string): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
    if (firstMissing(withPorts(expected), one()?.said ?? '') === undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`never printed:\n${expected}\nbut:\n${one()?.said}`);
}

/** The first line of `expected` that does not stand in `said` behind the ones before it; `…` stands for anything. */
function firstMissing(expected: string, said: string): string | undefined {
  const lines = said.split('\n');
  let from = 0;
  return expected
    .split('\n')
    .filter((line) => line.trim() !== '')
    .find((line) => {
      const parts = line
        .trim()
        .split('…')
        .map((part) => RegExp.escape(part));
      const at = lines.findIndex((candidate, index) => index >= from && new RegExp(parts.join('.*')).test(candidate));
      from = at + 1;
      return at < 0;
    });
}

function withPorts(text: string): string {
  return ports.reduce((changed, [port, free]) => changed.replaceAll(`${port}`, free), text);
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return child.exitCode === null ? new Promise((resolve) => child.once('close', resolve)) : Promise.resolve(child.exitCode);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  process.kill(-child.pid, 'SIGTERM');
  await exitOf(child);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
