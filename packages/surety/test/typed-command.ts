import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Family, watchFamily } from './process-family.ts';
import { until } from './recording-system.ts';
import { suretyBin } from './surety-child.ts';

/** Where somebody types: folders of their own, so that all that is left behind is seen. */
export type Desk = {
  readonly folder: string;
  readonly home: string;
  readonly temp: string;
  readonly data: string;
  clear(): void;
};

/** `surety …` as it is typed, with the launcher and everything below it. */
export type Typed = {
  readonly desk: Desk;
  /** The launcher. */
  readonly pid: number;
  readonly family: Family;
  out(): string;
  err(): string;
  /** Waits until something is said on standard output; fails at once when the command ends without it. */
  untilSaid(what: string | RegExp): Promise<void>;
  /** As `| head` does. */
  stopReading(): void;
  /** The exit code, or the signal that ended it, when it is over. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** To the launcher alone; or to all of the terminal's, as Ctrl-C is. */
  kill(signal: NodeJS.Signals, whom?: 'launcher' | 'program' | 'terminal'): void;
};

const startWithinMs = 120_000;

/** Others can pass it: as root, PostgreSQL runs as another account and has its socket in `temp`. */
export function openDesk(): Desk {
  const folder = mkdtempSync(join(tmpdir(), `surety-test-${process.pid}-`));
  const [home, temp] = [join(folder, 'home'), join(folder, 't')];
  for (const place of [home, temp]) mkdirSync(place, { mode: 0o755 });
  return { folder, home, temp, data: join(folder, 'data'), clear: () => rmSync(folder, { recursive: true, force: true }) };
}

export function typeSurety(desk: Desk, line: string): Typed {
  const { home, temp, folder } = desk;
  const child = spawn(process.execPath, [suretyBin, ...line.split(' ')], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', HOME: home, TMPDIR: temp },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a process group of its own, as a terminal gives it
  });
  const pid = child.pid ?? 0;
  const said = { out: '', err: '' };
  child.stdout.on('data', (text) => void (said.out += String(text)));
  child.stderr.on('data', (text) => void (said.err += String(text)));
  const family = watchFamily(pid);
  let isOver = false;
  const ended = once(child, 'exit').then(([code, signal]) => {
    isOver = true;
    return (code ?? signal) as number | NodeJS.Signals;
  });
  const hasSaid = (what: string | RegExp): boolean => (typeof what === 'string' ? said.out.includes(what) : what.test(said.out));
  const groups = { launcher: () => pid, program: () => family.childOf(pid), terminal: () => -pid };
  return {
    desk,
    pid,
    family,
    ended,
    out: () => said.out,
    stopReading: () => void child.stdout.destroy(),
    err: () => said.err,
    untilSaid: async (what) => {
      await until(`"${String(what)}" is said`, () => isOver || hasSaid(what), startWithinMs);
      if (!hasSaid(what)) throw new Error(`it ended and did not say "${String(what)}":\n${said.out}\n${said.err}`);
    },
    kill: (signal, whom = 'launcher') => void process.kill(groups[whom](), signal),
  };
}
