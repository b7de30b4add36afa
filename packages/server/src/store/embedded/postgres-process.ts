import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '#kernel/log';
import { StoreError } from '../store-error.ts';
import type { Account } from './account.ts';
import { openFolder, readPostmaster } from './data-folder.ts';
import type { RunnableEngine } from './engine.ts';
import { cannotRun } from './make-cluster.ts';
import { settingArguments } from './settings.ts';
import { startWatcher } from './watcher.ts';

export type PostgresProcess = {
  readonly pid: number;
  /** Fulfilled when the process is gone, with how it ended. */
  readonly ended: Promise<string>;
  hasEnded(): boolean;
  /** Fast shutdown: clients are cut, what is committed is checkpointed. */
  stop(): Promise<void>;
};

export type PostgresOptions = {
  readonly engine: RunnableEngine;
  readonly account: Account | undefined;
  readonly cluster: string;
  readonly runFolder: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly log: Log;
};

/** Recovery after a crash may take minutes; a server that is alive but never ready is given up after this. */
const readyWithinMs = 600_000;

/** Starts `postgres` on the cluster and waits until it answers. Its last words are in the error when it ends first. */
export async function startPostgres(options: PostgresOptions): Promise<PostgresProcess> {
  const { engine, account, cluster, runFolder } = options;
  const folder = openFolder(cluster, account);
  try {
    const places = { unix_socket_directories: runFolder };
    // detached: Ctrl-C in a terminal reaches a whole process group, and we decide when the database stops.
    const child = spawn(engine.postgres, ['-D', folder.seenAs, ...settingArguments({ ...options.settings, ...places })], {
      ...account,
      env: engine.env,
      cwd: '/',
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', folder.descriptor],
    });
    const lastWords = listen(child, options.log);
    const server = follow(child, engine.postgres);
    if (child.pid === undefined) throw cannotRun(engine.postgres, new Error(await server.ended));
    const watcher = startWatcher({ pid: child.pid, program: engine.postgres, account, runFolder });
    void server.ended.then(() => watcher.dismiss());
    await untilReady(server, cluster, lastWords);
    return server;
  } finally {
    folder.close();
  }
}

/** What the server says goes to our log, a line at a time; its settings keep values out of it. */
function listen(child: ChildProcess, log: Log): () => string {
  let tail = '';
  let unfinished = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-1500);
    const lines = (unfinished + text).split('\n');
    unfinished = (lines.pop() ?? '').slice(-4000);
    for (const line of lines) log.info({ postgres: line }, 'PostgreSQL says');
  });
  return () => tail.trim();
}

function follow(child: ChildProcess, program: string): PostgresProcess {
  let over = false;
  const ended = new Promise<string>((done) => {
    const end = (how: string): void => {
      over = true;
      done(how);
    };
    child.on('error', (cause) => end(cannotRun(program, cause).message));
    child.on('exit', (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGINT');
    const slow = setTimeout(() => child.kill('SIGQUIT'), 20_000);
    await ended;
    clearTimeout(slow);
  };
  return { pid: child.pid ?? 0, ended, hasEnded: () => over, stop };
}

async function untilReady(server: PostgresProcess, cluster: string, lastWords: () => string): Promise<void> {
  const deadline = Date.now() + readyWithinMs;
  while (!server.hasEnded()) {
    const found = readPostmaster(cluster);
    if (found?.pid === server.pid && found.isReady) return;
    if (Date.now() > deadline) {
      await server.stop();
      throw new StoreError(
        `The built-in PostgreSQL in ${cluster} did not get ready within ${readyWithinMs / 1000} s.\n${lastWords()}`,
      );
    }
    await sleep(5);
  }
  await sleep(20); // its last lines may still be in the pipe
  throw new StoreError(`The built-in PostgreSQL in ${cluster} ended while starting (${await server.ended}).\n${lastWords()}`);
}
