import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'vitest';

const bin = fileURLToPath(new URL('../bin/surety.js', import.meta.url));

/** A package with the real bin and a program of ours in it. */
async function packageWith(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'surety-bin-'));
  await mkdir(join(root, 'bin'));
  await writeFile(join(root, 'package.json'), '{"type":"module"}');
  await copyFile(bin, join(root, 'bin', 'surety.js'));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

const sayWhatIs = `
  console.log(JSON.stringify({ argv, execArgv: process.execArgv, relaunched: process.env.SURETY_RELAUNCHED ?? null }));
  return 7;`;
const source = `export async function main(argv: readonly string[]): Promise<number> {${sayWhatIs}}`;
const built = `export async function main(argv) {${sayWhatIs}}`;

function runBin(root: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { NODE_OPTIONS: _options, ...inherited } = process.env;
  return spawnSync(process.execPath, [join(root, 'bin', 'surety.js'), ...args], {
    encoding: 'utf8',
    env: { ...inherited, HOME: root, ...env },
  });
}

test('a checkout runs its TypeScript through the source condition; arguments and exit code pass', async () => {
  const { status, stdout, stderr } = runBin(await packageWith({ 'src/main.ts': source }), ['agent', 'ls', '--', '-x']);
  assert.equal(stderr, '');
  const { argv, execArgv, relaunched } = JSON.parse(stdout);
  assert.deepEqual([status, argv, relaunched], [7, ['agent', 'ls', '--', '-x'], null]);
  assert.ok(execArgv.includes('--conditions=@surety/source'));
});

test('with the condition there already, and when it is built, no second process is started', async () => {
  const checkout = await packageWith({ 'src/main.ts': source });
  const options = JSON.parse(runBin(checkout, [], { NODE_OPTIONS: '--conditions=@surety/source' }).stdout);
  assert.deepEqual(options.execArgv, []);
  const installed = await packageWith({ 'dist/main.js': built });
  assert.deepEqual(JSON.parse(runBin(installed, []).stdout).execArgv, []);
  const both = await packageWith({ 'src/main.ts': 'throw new Error("the source ran")', 'dist/main.js': built });
  assert.equal(runBin(both, []).status, 7);
});

test('a program that throws is exit 1, on standard error', async () => {
  const { status, stdout, stderr } = runBin(
    await packageWith({ 'dist/main.js': 'export async function main() { throw new Error("broken"); }' }),
    [],
  );
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, /broken/);
});

test('a Node that is too old, with no newer one beside it, is said so and is no loop', async () => {
  const root = await packageWith({ 'dist/main.js': built });
  await writeFile(join(root, 'old.mjs'), `Object.defineProperty(process.versions, 'node', { value: '20.20.2' });`);
  const { status, stdout, stderr } = runBin(root, [], { NODE_OPTIONS: `--import=${join(root, 'old.mjs')}` });
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, /surety needs Node 22\.19 or newer/);
});

test('a Node that is too old starts the pinned one, once', async () => {
  const name = `node-${process.platform}-${process.arch}`;
  const root = await packageWith({
    'dist/main.js': built,
    [`node_modules/${name}/package.json`]: '{}',
    [`node_modules/${name}/bin/node`]: `#!/bin/sh\nunset NODE_OPTIONS\nexec ${process.execPath} "$@"\n`,
  });
  spawnSync('chmod', ['+x', join(root, 'node_modules', name, 'bin', 'node')]);
  await writeFile(join(root, 'old.mjs'), `Object.defineProperty(process.versions, 'node', { value: '20.20.2' });`);
  const { status, stdout } = runBin(root, ['x'], { NODE_OPTIONS: `--import=${join(root, 'old.mjs')}` });
  assert.deepEqual([status, JSON.parse(stdout).argv], [7, ['x']]);
});

const waits = `
import { writeFileSync } from 'node:fs';
export async function main(argv: readonly string[]): Promise<number> {
  const ended = Promise.withResolvers<number>();
  const alive = setInterval(() => undefined, 1000);
  process.on('SIGTERM', () => { writeFileSync(argv[0] ?? '', 'SIGTERM'); clearInterval(alive); ended.resolve(9); });
  console.log(process.pid);
  return ended.promise;
}`;

async function startWaiting(): Promise<{ launcher: ChildProcess; told: string; pid: number }> {
  const root = await packageWith({ 'src/main.ts': waits });
  const told = join(root, 'told');
  const { NODE_OPTIONS: _options, ...inherited } = process.env;
  const launcher = spawn(process.execPath, [join(root, 'bin', 'surety.js'), told], {
    env: { ...inherited, HOME: root },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = await new Promise<number>((resolve) =>
    launcher.stdout?.once('data', (data: Buffer) => resolve(Number(String(data)))),
  );
  return { launcher, told, pid };
}

test('SIGTERM reaches the program, and its exit code comes back', async () => {
  const { launcher, told } = await startWaiting();
  const ended = new Promise<number | null>((resolve) => launcher.once('exit', (code) => resolve(code)));
  launcher.kill('SIGTERM');
  assert.equal(await ended, 9);
  assert.equal(await readFile(told, 'utf8'), 'SIGTERM');
});

test('a launcher that is killed outright takes the program with it', async () => {
  const { launcher, told, pid } = await startWaiting();
  launcher.kill('SIGKILL');
  const isAlive = (): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  for (let attempt = 0; attempt < 100 && isAlive(); attempt += 1) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(isAlive(), false);
  assert.equal(await readFile(told, 'utf8'), 'SIGTERM');
});
