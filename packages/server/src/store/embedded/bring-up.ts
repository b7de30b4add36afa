import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '#kernel/log';
import { StoreError } from '../store-error.ts';
import type { Account } from './account.ts';
import { isOccupied, livesIn, readPostmaster, removeMisleadingPidFile } from './data-folder.ts';
import type { RunnableEngine } from './engine.ts';
import { type Ownership, readOwner, takeOwnership } from './owner.ts';
import { type PostgresProcess, startPostgres } from './postgres-process.ts';
import { removeLeftRunFolder, type RunFolder } from './run-folder.ts';

/** Everything a start needs and a restart needs again. */
export type Site = {
  readonly data: string;
  readonly cluster: string;
  readonly account: Account | undefined;
  readonly run: RunFolder;
  readonly prepare: () => RunnableEngine;
  readonly urlAt: (socketFolder: string, database: string) => string;
  readonly settings: Readonly<Record<string, string>>;
  readonly log: Log;
};

export type Running = { readonly server: PostgresProcess; ownership: Ownership };

/** A server that lost its owner is stopped by its watcher. If that died too, we stop the server after this. */
const orphanAfterMs = 3000;

const clearWithinMs = 60_000;

/** Starts the server, once nobody else has one there, and takes the lock of its owner. */
export async function bringUp(site: Site): Promise<Running> {
  for (;;) {
    await clearTheWay(site);
    let server: PostgresProcess;
    try {
      server = await startPostgres({ ...site, engine: site.prepare(), runFolder: site.run.path });
    } catch (thrown) {
      if (isOccupied(site.cluster)) continue; // another process was quicker: see who
      throw thrown;
    }
    try {
      const ownership = await takeOwnership(site.urlAt(site.run.path, 'postgres'));
      if (ownership !== undefined) return { server, ownership };
      throw new StoreError(`The built-in PostgreSQL in ${site.cluster} has another owner, though this process started it.`);
    } catch (thrown) {
      await server.stop();
      throw thrown;
    }
  }
}

/**
 * Returns once no process lives in the cluster. Throws if one does and has an owner, naming it; a server without an
 * owner is on its way down, because whoever started it has just died.
 */
async function clearTheWay(site: Site): Promise<void> {
  const since = Date.now();
  let ownerlessSince: number | undefined;
  // Read before the look that finds nobody: what it names is then dead, even if another process starts a server now.
  let left = readPostmaster(site.cluster);
  while (isOccupied(site.cluster)) {
    const { pid, owner } = await lookAtServer(site);
    if (owner !== 'unknown' && owner !== 'nobody') {
      throw new StoreError(
        `Another Surety already runs on the data folder ${site.data}: ${owner}. ` +
          'Stop it first, or give this one a folder of its own with SURETY_DATA_DIR.',
      );
    }
    if (Date.now() - since > clearWithinMs) {
      throw new StoreError(`A PostgreSQL is still running on ${site.cluster} (pid ${pid}) and does not stop. Stop it first.`);
    }
    ownerlessSince = owner === 'nobody' ? (ownerlessSince ?? Date.now()) : undefined;
    if (ownerlessSince !== undefined && Date.now() - ownerlessSince > orphanAfterMs) process.kill(pid, 'SIGINT');
    await sleep(25);
    left = readPostmaster(site.cluster);
  }
  if (left !== undefined && left.socketFolder !== site.run.path) removeLeftRunFolder(left.socketFolder);
  removeMisleadingPidFile(site.cluster);
}

/** The server that runs in the cluster, and who owns it: a name, nobody, or unknown because it does not answer. */
async function lookAtServer(site: Site): Promise<{ pid: number; owner: string }> {
  const found = readPostmaster(site.cluster);
  if (found === undefined) return { pid: 0, owner: 'unknown' };
  if (!found.isReady || !livesIn(found.pid, site.cluster)) return { pid: found.pid, owner: 'unknown' };
  try {
    return { pid: found.pid, owner: (await readOwner(site.urlAt(found.socketFolder, 'postgres'))) ?? 'nobody' };
  } catch {
    return { pid: found.pid, owner: 'unknown' };
  }
}
