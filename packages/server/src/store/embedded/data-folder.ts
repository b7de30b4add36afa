import { closeSync, existsSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../store-error.ts';
import type { Account } from './account.ts';

/** What `postmaster.pid` says: the lines are PostgreSQL's, the seventh lock line holds its state. */
export type Postmaster = { readonly pid: number; readonly socketFolder: string; readonly isReady: boolean };

/** What the server in `cluster` wrote about itself; it may be dead. */
export function readPostmaster(cluster: string): Postmaster | undefined {
  const lines = readOrEmpty(join(cluster, 'postmaster.pid')).split('\n');
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return { pid, socketFolder: lines[4]?.trim() ?? '', isReady: lines[7]?.trim() === 'ready' };
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/**
 * Whether the process lives in `cluster`: every process of PostgreSQL has its working folder there, and a zombie has
 * none. A number alone proves nothing: it may be a zombie's, or have been given to another program since. Without
 * `/proc` the number has to do.
 */
export function livesIn(pid: number, cluster: string): boolean {
  if (!existsSync('/proc/self/cwd')) return isAlive(pid);
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === cluster;
  } catch {
    return false;
  }
}

/** Whether any process of a server is left in `cluster`; workers outlive a killed postmaster for a moment. */
export function isOccupied(cluster: string): boolean {
  if (!existsSync('/proc/self/cwd')) {
    const pid = readPostmaster(cluster)?.pid;
    return pid !== undefined && isAlive(pid);
  }
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && livesIn(Number(name), cluster));
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM';
  }
}

/**
 * Removes a `postmaster.pid` that PostgreSQL would wrongly believe, because its number is a zombie's or another
 * program's. Any other leftover it replaces by itself, and better: without a moment in which two could start.
 */
export function removeMisleadingPidFile(cluster: string): void {
  const left = readPostmaster(cluster);
  if (left === undefined || !existsSync('/proc/self/cwd') || !isAlive(left.pid)) return;
  if (!isOccupied(cluster) && readPostmaster(cluster)?.pid === left.pid) rmSync(join(cluster, 'postmaster.pid'), { force: true });
}

/** PostgreSQL reads only what its own major version wrote. */
export function demandVersion(cluster: string, major: number): void {
  const written = readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim();
  if (written === String(major)) return;
  throw new StoreError(
    `The data folder ${cluster} was written by PostgreSQL ${written}, and this Surety runs PostgreSQL ${major}; nothing was changed. ` +
      'Start the Surety that wrote it, or set SURETY_DATABASE_URL to a PostgreSQL into which its contents were restored, ' +
      'or set SURETY_DATA_DIR to a new folder.',
  );
}

/**
 * A folder as a child of another account can name it, though it may not pass the folders above (a home folder of mode
 * 0700): the child inherits it open, as descriptor 3. Whoever calls closes it once the child has started.
 */
export type OpenFolder = { readonly seenAs: string; readonly descriptor: number; close(): void };

export function openFolder(folder: string, account: Account | undefined): OpenFolder {
  const descriptor = openSync(folder, 'r');
  const seenAs = account === undefined || process.platform !== 'linux' ? folder : '/proc/self/fd/3';
  return { seenAs, descriptor, close: () => closeSync(descriptor) };
}
