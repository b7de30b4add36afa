import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Account } from './account.ts';

/**
 * Stops a program of PostgreSQL when we die, however we die: its standard input is a pipe whose other end only we hold,
 * and the kernel closes that. SIGINT is the server's fast shutdown; its checkpoint may wait for a slow disk, so SIGQUIT
 * follows, which loses nothing either: the next start recovers from the log. It signals only a process that runs the
 * program it was started for (descriptor 3), never one that was given the number later. At last it removes the run
 * folder, if it was given one.
 */
const script = `
cat >/dev/null
lives() { if [ -d /proc/self/cwd ]; then [ "/proc/$1/exe" -ef /proc/self/fd/3 ]; else kill -0 "$1"; fi; } 2>/dev/null
lives "$1" && kill -INT "$1"
tries=0
while lives "$1" && [ "$tries" -lt 8 ]; do sleep 0.1 || sleep 1; tries=$((tries + 1)); done
lives "$1" && kill -QUIT "$1"
if [ -n "$2" ]; then rm -f "$2"/lib/* "$2"/.s.PGSQL.*; rmdir "$2"/lib "$2"; fi
`;

export type Watched = {
  readonly pid: number;
  readonly program: string;
  readonly account: Account | undefined;
  readonly runFolder?: string;
};

export type Watcher = { dismiss(): void };

export function startWatcher({ pid, program, account, runFolder = '' }: Watched): Watcher {
  const descriptor = openSync(program, 'r');
  const child = spawn('/bin/sh', ['-c', script, 'surety-watcher', String(pid), runFolder], {
    ...account,
    env: { PATH: '/usr/bin:/bin' },
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore', descriptor],
  });
  closeSync(descriptor);
  child.on('error', () => {});
  child.stdin?.on('error', () => {});
  child.unref();
  return { dismiss: () => void child.kill('SIGKILL') };
}
