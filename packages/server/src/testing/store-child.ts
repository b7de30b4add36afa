import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isOccupied } from '#store/embedded/data-folder';

type Line = { readonly readyMs?: number; readonly refused?: string; readonly written?: number };

export type StoreChild = {
  readonly process: ChildProcess;
  /** The next line it says; it is an error if it ends instead. */
  next(): Promise<Line>;
  /** The highest number it said was acknowledged, of the lines read so far and those still to come. */
  lastWritten(): number;
  /** Sends the signal and waits until the process is gone. */
  end(signal: NodeJS.Signals): Promise<void>;
};

export type StoreChildOptions = {
  readonly write?: boolean;
  readonly uid?: number;
  readonly env?: Readonly<Record<string, string>>;
};

/** Runs `store-program.ts` on a data folder, to be killed. */
export function startStoreChild(data: string, { write = false, uid, env = {} }: StoreChildOptions = {}): StoreChild {
  const program = fileURLToPath(new URL('store-program.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@surety/source', program, ...(write ? ['write'] : [])], {
    ...(uid === undefined ? {} : { uid, gid: uid }),
    cwd: '/',
    env: { PATH: process.env['PATH'], SURETY_DATA_DIR: data, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines: Line[] = [];
  let wake = (): void => {};
  let last = 0;
  let isOver = false;
  createInterface({ input: child.stdout })
    .on('line', (text) => {
      const line = JSON.parse(text) as Line;
      last = line.written ?? last;
      lines.push(line);
      wake();
    })
    .on('close', () => {
      isOver = true;
      wake();
    });
  const next = async (): Promise<Line> => {
    for (;;) {
      const line = lines.shift();
      if (line !== undefined) return line;
      if (isOver) throw new Error('the store program ended');
      await new Promise<void>((done) => (wake = done));
    }
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  return { process: child, next, lastWritten: () => last, end };
}

/** How long until no process of PostgreSQL is left in the cluster, in ms; fails after ten seconds. */
export async function untilEmpty(cluster: string): Promise<number> {
  const since = performance.now();
  while (isOccupied(cluster)) {
    if (performance.now() - since > 10_000) throw new Error('PostgreSQL is still there after ten seconds');
    await sleep(5);
  }
  return performance.now() - since;
}
