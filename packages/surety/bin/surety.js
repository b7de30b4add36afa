#!/usr/bin/env node
// Runs the program on a Node that can run it: this one, or the pinned one that npm installed beside us. It must parse on
// any Node, so nothing newer than ES modules stands here, and the program itself is only reached by import().
import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const needed = [22, 19];
const sourceOptions = ['--conditions=@surety/source', '--disable-warning=ExperimentalWarning'];
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
// A checkout has the source and nothing built: there Node runs the TypeScript itself, from `src` of every package.
const fromSource = existsSync(path.join(root, 'src', 'main.ts')) && !existsSync(path.join(root, 'dist', 'main.js'));

function isRecent(version) {
  const parts = version.split('.').map(Number);
  return parts[0] > needed[0] || (parts[0] === needed[0] && parts[1] >= needed[1]);
}

function pinnedNode() {
  const system = process.platform === 'win32' ? 'win' : process.platform;
  try {
    const manifest = createRequire(import.meta.url).resolve('node-' + system + '-' + process.arch + '/package.json');
    const program = path.join(path.dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(program) ? program : undefined;
  } catch {
    return undefined;
  }
}

function hasCondition() {
  const options = process.execArgv.join(' ') + ' ' + (process.env.NODE_OPTIONS || '');
  return /(--conditions|-C)[= ]@surety\/source( |$)/.test(options);
}

function runAgain(program, options) {
  // spawn and not spawnSync: that one passes no signal on, and the child would outlive us. Through the channel the child
  // learns when we are gone, however we ended.
  const env = Object.assign({}, process.env, { SURETY_RELAUNCHED: '1' });
  const args = options.concat(process.execArgv, process.argv.slice(1));
  const child = spawn(program, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env: env });
  child.on('error', (error) => {
    process.stderr.write('surety cannot start Node: ' + error.message + '\n');
    process.exit(1);
  });
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGHUP'));
  // A terminal sends Ctrl-C to both of us already.
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT');
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code === null ? 1 : code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

// What V8 compiled is kept for the next start, in a folder of this account's own: from one that others can write to, they
// would choose what runs. A place that cannot be written to is no error.
async function keepCompiled() {
  const home = process.env.HOME;
  if (!home || process.getuid === undefined || process.env.NODE_COMPILE_CACHE) return;
  try {
    if (statSync(home).uid !== process.getuid()) return;
    const node = await import('node:module');
    node.enableCompileCache(path.join(home, '.cache', 'surety', 'compiled'));
  } catch {
    return;
  }
}

async function run() {
  if (process.env.SURETY_RELAUNCHED && process.channel) {
    process.channel.unref();
    process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  }
  delete process.env.SURETY_RELAUNCHED;
  await keepCompiled();
  const program = await import(fromSource ? '../src/main.ts' : '../dist/main.js');
  process.exitCode = await program.main(process.argv.slice(2));
}

const recent = isRecent(process.versions.node);
const again = process.env.SURETY_RELAUNCHED !== undefined;
if (recent && (!fromSource || hasCondition())) {
  run().catch((error) => {
    process.stderr.write('surety: ' + ((error && error.stack) || error) + '\n');
    process.exit(1);
  });
} else {
  const program = recent ? process.execPath : pinnedNode();
  if (again || program === undefined) {
    process.stderr.write('surety needs Node ' + needed.join('.') + ' or newer; this is ' + process.version + '.\n');
    process.exit(1);
  }
  runAgain(program, fromSource ? sourceOptions : []);
}
