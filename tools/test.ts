import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { closingLine, type Count, countChannel } from './closing-line.ts';
import { houseRoot, isStarted } from './run-command.ts';
import { type Part, parts, testsThatNeed } from './test-parts.ts';

/** Rounds of the tests that kill processes; a build machine has more time than a person. */
const crashRounds = process.env['CI'] === 'true' ? '20' : '5';

/** The Node that the lock file pins, unless the one that runs this is as new. */
export function nodeToUse(root: string, version = process.versions.node): string {
  if (Number(version.split('.')[0]) >= 24) return process.execPath;
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const pinned = join(
    root,
    `node_modules/node-${platform}-${process.arch}/bin`,
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  return existsSync(pinned) ? pinned : process.execPath;
}

/** What is missing here, said in words, and which test files cannot run for it. */
export function findMissing(list: readonly Part[], root: string): { names: string[]; lines: string[]; files: string[] } {
  const found = list.flatMap((part) => {
    const why = part.missing();
    return why === undefined ? [] : [{ part, why, files: testsThatNeed(part, root) }];
  });
  return {
    names: found.map(({ part }) => part.name),
    lines: found.map(({ part, why, files }) => `not here: ${part.name}; ${files.length} test files are skipped: ${why}`),
    files: [...new Set(found.flatMap(({ files }) => files))],
  };
}

/** Runs vitest in a process of its own and hands its signals on. Its count comes over a pipe, so that our line is the last. */
async function runVitest(args: readonly string[], without: readonly string[]): Promise<{ code: number; count: Count }> {
  const vitest = join(houseRoot, 'node_modules/vitest/vitest.mjs');
  const child = spawn(nodeToUse(houseRoot), [vitest, 'run', ...args], {
    cwd: houseRoot,
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    env: { SURETY_CRASH_ROUNDS: crashRounds, ...process.env, [countChannel]: '3', SURETY_TEST_WITHOUT: without.join(',') },
  });
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  process.on('SIGINT', () => {}); // the terminal tells both; vitest ends first and is counted
  let told = '';
  child.stdio[3]?.on('data', (text) => {
    told += String(text);
  });
  const code = await new Promise<number>((resolve) => {
    child.on('error', () => resolve(1));
    child.on('close', (exit) => resolve(exit ?? 1));
  });
  return { code, count: readCount(told, code) };
}

/** A run that told nothing, or that failed without a failure, is one failure. */
export function readCount(told: string, code: number): Count {
  if (told === '') return { passed: 0, failed: 1, skipped: 0 };
  const count: Count = JSON.parse(told);
  return code !== 0 && count.failed === 0 ? { ...count, failed: 1 } : count;
}

if (isStarted(import.meta.url)) {
  const missing = findMissing(parts, houseRoot);
  for (const line of missing.lines) console.log(line);
  const leaveOut = missing.files.flatMap((file) => ['--exclude', file]);
  const { code, count } = await runVitest([...process.argv.slice(2), ...leaveOut], missing.names);
  for (const line of missing.lines) console.log(line);
  console.log(closingLine({ ...count, skipped: count.skipped + missing.files.length }));
  process.exitCode = code === 0 && count.failed > 0 ? 1 : code;
}
