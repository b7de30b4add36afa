import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished, test } from 'vitest';
import { temporaryFolder } from '#testing/temporary-folder';
import { isOccupied, livesIn, readPostmaster, removeMisleadingPidFile } from './data-folder.ts';

function pidFile(cluster: string, pid: number): string {
  const path = join(cluster, 'postmaster.pid');
  writeFileSync(path, `${pid}\n/proc/self/fd/3\n1795574381\n5432\n/tmp/surety-x\n\n  2146939         4\nready   \n`);
  return path;
}

/** A process whose working folder is `cwd`. */
function resident(cwd: string): number {
  const child = spawn('/bin/sh', ['-c', 'read line'], { cwd, stdio: ['pipe', 'ignore', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child.pid ?? 0;
}

/** A process that has ended and whose parent never asks for it: its number lives on. It ends once its parent is `sleep`. */
async function zombie(): Promise<number> {
  const child = `until [ "$(cat /proc/$PPID/comm)" = sleep ]; do sleep 0.01; done`;
  const parent = spawn('/bin/sh', ['-c', `/bin/sh -c '${child}' & echo $!; exec sleep 60`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => void parent.kill('SIGKILL'));
  const [said] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(said.toString());
  while (!/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) await sleep(10);
  return pid;
}

test('what a server wrote about itself is read', () => {
  const cluster = temporaryFolder();
  assert.equal(readPostmaster(cluster), undefined);
  pidFile(cluster, 42);
  assert.deepEqual(readPostmaster(cluster), { pid: 42, socketFolder: '/tmp/surety-x', isReady: true });
  writeFileSync(join(cluster, 'postmaster.pid'), '42\n/proc/self/fd/3\n');
  assert.deepEqual(readPostmaster(cluster), { pid: 42, socketFolder: '', isReady: false });
  for (const text of ['', 'x\n', '-4\n', '0\n']) {
    writeFileSync(join(cluster, 'postmaster.pid'), text);
    assert.equal(readPostmaster(cluster), undefined);
  }
});

test('a process lives in the folder only if it works there', async () => {
  const cluster = temporaryFolder();
  assert.equal(isOccupied(cluster), false);
  assert.equal(livesIn(process.pid, cluster), false);
  const pid = resident(cluster);
  while (!livesIn(pid, cluster)) await sleep(5);
  assert.equal(isOccupied(cluster), true);
});

test('a pid file that names a zombie or another program is removed; that of a dead number is left to PostgreSQL', async () => {
  const cluster = temporaryFolder();
  for (const pid of [await zombie(), resident('/'), process.pid]) {
    const path = pidFile(cluster, pid);
    removeMisleadingPidFile(cluster);
    assert.ok(!existsSync(path));
  }
  const path = pidFile(cluster, 2 ** 22 + 1);
  removeMisleadingPidFile(cluster);
  assert.ok(existsSync(path));
});

test('while any process works in the folder its pid file stays, whatever it names', async () => {
  const cluster = temporaryFolder();
  const pid = resident(cluster);
  while (!livesIn(pid, cluster)) await sleep(5);
  const path = pidFile(cluster, process.pid);
  removeMisleadingPidFile(cluster);
  assert.ok(existsSync(path));
});
