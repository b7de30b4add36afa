import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorFields, type Log } from '#kernel/log';
import { errorCode, StoreError } from '../store-error.ts';
import { initdbAccount, serverAccount } from './account.ts';
import { bringUp, type Running, type Site } from './bring-up.ts';
import { demandVersion } from './data-folder.ts';
import { findEngine, reachEngine } from './engine.ts';
import { clearAbandoned, makeCluster, readPassword, superuser } from './make-cluster.ts';
import { enter, occupy } from './occupant.ts';
import { takeOwnership } from './owner.ts';
import { makeRunFolder } from './run-folder.ts';
import { settings } from './settings.ts';

export type EmbeddedPostgres = {
  /** The address of one of its databases, with the password: never to be logged. The same across restarts. */
  url(database: string): string;
  /** The server that runs now. */
  pid(): number;
  close(): Promise<void>;
};

export type EmbeddedOptions = {
  /** Made if it is missing. The cluster lies in `postgres` under it, the password beside it. */
  readonly data: string;
  readonly log: Log;
  /** Over those of settings.ts. */
  readonly settings?: Readonly<Record<string, string>>;
};

/**
 * The private PostgreSQL of this data folder: made at the first start, started, owned by this process alone, started
 * again if it dies, stopped with us. A `StoreError` says why it cannot be: among others, that another process owns it.
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const engine = findEngine();
  const { data, cluster, password } = await enterFolder(options.data);
  const account = serverAccount(cluster);
  const run = makeRunFolder(account);
  const site: Site = {
    data,
    cluster,
    account,
    run,
    prepare: () => reachEngine(engine, account, run.links, data),
    urlAt: (socketFolder, database) =>
      `postgres://${superuser}:${password}@localhost/${database}?host=${encodeURIComponent(socketFolder)}`,
    settings: { ...settings, ...options.settings },
    log: options.log,
  };
  try {
    if (!existsSync(cluster)) {
      const maker = initdbAccount();
      run.giveTo(maker);
      await makeCluster({ engine: site.prepare(), cluster, runFolder: run.path, password, maker, account });
    }
    demandVersion(cluster, engine.major);
    run.giveTo(account);
    return supervise(site, await bringUp(site));
  } catch (thrown) {
    run.remove();
    throw thrown;
  }
}

async function enterFolder(folder: string): Promise<{ data: string; cluster: string; password: string }> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const data = realpathSync(folder);
    await enter(data);
    await clearAbandoned(data);
    const named = join(data, 'postgres');
    const cluster = existsSync(named) ? realpathSync(named) : named;
    return { data, cluster, password: readPassword(data, cluster) };
  } catch (thrown) {
    if (!(thrown instanceof Error) || !['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'ENOTDIR', 'EEXIST'].includes(errorCode(thrown)))
      throw thrown;
    throw new StoreError(
      `The data folder ${folder} cannot be used by this user (${thrown.message}). Choose another with SURETY_DATA_DIR.`,
      { cause: thrown },
    );
  }
}

function supervise(site: Site, first: Running): EmbeddedPostgres {
  let running = first;
  const closing = new AbortController();
  const untilClosed = new Promise<void>((done) => closing.signal.addEventListener('abort', () => done()));

  const keepRunning = async (): Promise<void> => {
    let wait = 0;
    for (;;) {
      const since = Date.now();
      await Promise.race([running.server.ended, running.ownership.lost, untilClosed]);
      if (closing.signal.aborted) return;
      if (Date.now() - since > 30_000) wait = 0;
      const restored = await restore(site, running, wait, closing.signal);
      if (restored === undefined) return;
      running = restored;
      wait = longerWait(wait);
    }
  };
  const kept = keepRunning();
  const occupant = occupy(site.data);

  return {
    url: (database) => site.urlAt(site.run.path, database),
    pid: () => running.server.pid,
    close: async () => {
      closing.abort();
      await kept;
      await running.ownership.release();
      await running.server.stop();
      occupant.leave();
      site.run.remove();
    },
  };
}

/** Starts a server that ended, again and again; takes back the lock of one that lives. Undefined: we are closing. */
async function restore(site: Site, running: Running, firstWait: number, closing: AbortSignal): Promise<Running | undefined> {
  // The connection of the lock usually ends a moment before the server that it belongs to.
  await Promise.race([running.server.ended, sleep(100)]);
  if (running.server.hasEnded()) {
    site.log.error({ how: await running.server.ended }, 'PostgreSQL ended by itself; starting it again');
  }
  for (let wait = firstWait; !closing.aborted; wait = longerWait(wait)) {
    await sleep(wait, undefined, { signal: closing }).catch(() => {});
    try {
      if (closing.aborted) return undefined;
      if (running.server.hasEnded()) return await bringUp(site);
      const ownership = await takeOwnership(site.urlAt(site.run.path, 'postgres'));
      if (ownership !== undefined) return { server: running.server, ownership };
      site.log.error({}, 'another process holds the lock of the owner of PostgreSQL; trying again');
    } catch (thrown) {
      const why = thrown instanceof StoreError ? { why: thrown.message } : errorFields(thrown);
      site.log.error(why, 'PostgreSQL is not back yet; trying again');
    }
  }
  return undefined;
}

function longerWait(ms: number): number {
  return Math.min(Math.max(100, ms * 2), 5000);
}
