import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  lchownSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, StoreError } from '../store-error.ts';
import type { Account } from './account.ts';
import { isAlive, openFolder } from './data-folder.ts';
import type { RunnableEngine } from './engine.ts';
import { startWatcher } from './watcher.ts';

export const superuser = 'surety';

/** The password of the embedded PostgreSQL: made once, in a file that only we can read, never an argument. */
export function readPassword(data: string, cluster: string): string {
  const path = join(data, 'postgres-password');
  if (existsSync(cluster) && !existsSync(path)) {
    throw new StoreError(
      `${path} is missing, and the database in ${cluster} cannot be opened without it. Restore it from a backup.`,
    );
  }
  try {
    writeFileSync(path, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flag: 'wx', flush: true });
  } catch (thrown) {
    if (errorCode(thrown) !== 'EEXIST') throw thrown;
  }
  const password = readFileSync(path, 'utf8').trim();
  if (!/^[\w-]{16,}$/.test(password)) throw new StoreError(`${path} does not hold a password. Restore it from a backup.`);
  return password;
}

export type ClusterPlan = {
  readonly engine: RunnableEngine;
  readonly cluster: string;
  readonly runFolder: string;
  readonly password: string;
  /** As whom `initdb` runs, and whom the cluster then belongs to. */
  readonly maker: Account | undefined;
  readonly account: Account | undefined;
};

/**
 * Makes the cluster, complete or not at all: `initdb` works in a folder beside it, as an account that has a name, and
 * what it made is handed to the account of the server and moved into place. If another process was first, theirs stands.
 */
export async function makeCluster(plan: ClusterPlan): Promise<void> {
  const { cluster, password, maker, account } = plan;
  const data = join(cluster, '..');
  const making = join(data, `making-${process.pid}`);
  mkdirSync(making, { mode: 0o700 });
  try {
    const secret = join(making, 'password');
    writeFileSync(secret, `${password}\n`, { mode: 0o600 });
    if (maker !== undefined) for (const path of [making, secret]) chownSync(path, maker.uid, maker.gid);
    await runInitdb(plan, making);
    if (account !== undefined) handOver(join(making, 'cluster'), account);
    moveInto(join(making, 'cluster'), cluster);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

/** Removes what a killed first start left. Its `initdb` may still be writing for a moment; the next start tries again. */
export async function clearAbandoned(data: string): Promise<void> {
  for (const name of readdirSync(data)) {
    const pid = Number(/^making-(\d+)$/.exec(name)?.[1] ?? Number.NaN);
    if (pid !== process.pid && !(pid > 0 && !isAlive(pid))) continue;
    const path = join(data, name);
    for (const until = Date.now() + 5000; existsSync(path) && Date.now() < until; await sleep(20)) tryRemove(path);
  }
}

function tryRemove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    return; // something appeared in it meanwhile
  }
}

async function runInitdb({ engine, maker, runFolder }: ClusterPlan, making: string): Promise<void> {
  const folder = openFolder(making, maker);
  try {
    const options = [
      `--pgdata=${folder.seenAs}/cluster`,
      `--pwfile=${folder.seenAs}/password`,
      `--username=${superuser}`,
      '--auth=scram-sha-256',
      '--data-checksums',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
    ];
    const child = spawn(engine.initdb, options, {
      ...maker,
      env: engine.env,
      cwd: '/',
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', folder.descriptor],
    });
    if (child.pid === undefined) throw cannotRun(engine.initdb, await once(child, 'error').then(([cause]) => cause as Error));
    const watcher = startWatcher({ pid: child.pid, program: engine.initdb, account: maker, runFolder });
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2000)));
    const [code] = (await once(child, 'close')) as [number | null];
    watcher.dismiss();
    if (code !== 0) throw new StoreError(`Setting up the built-in PostgreSQL failed: ${said.trim()}`);
  } finally {
    folder.close();
  }
}

/** Why a program of the engine could not even be started. */
export function cannotRun(program: string, cause: Error): StoreError {
  const why = errorCode(cause) === 'ENOENT' ? 'this system lacks its loader (it needs the GNU C library)' : errorCode(cause);
  return new StoreError(
    `The built-in PostgreSQL cannot run here: ${basename(program)}: ${why}. Set SURETY_DATABASE_URL to a PostgreSQL 15 or newer.`,
    { cause },
  );
}

function handOver(made: string, account: Account): void {
  try {
    giveTree(made, account);
  } catch (cause) {
    throw new StoreError(
      `The built-in PostgreSQL cannot be set up by root here: its files cannot be given to user id ${account.uid} (${errorCode(cause)}). ` +
        'Start Surety as an ordinary user, or set SURETY_DATABASE_URL to a PostgreSQL 15 or newer.',
      { cause },
    );
  }
}

function giveTree(path: string, account: Account): void {
  lchownSync(path, account.uid, account.gid);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) giveTree(join(path, entry.name), account);
    else lchownSync(join(path, entry.name), account.uid, account.gid);
  }
}

function moveInto(made: string, cluster: string): void {
  try {
    renameSync(made, cluster);
  } catch (thrown) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(errorCode(thrown))) throw thrown;
  }
  const folder = openSync(join(cluster, '..'), 'r');
  fsyncSync(folder);
  closeSync(folder);
}
