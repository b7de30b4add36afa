import { readdirSync, readFileSync } from 'node:fs';
import { until } from './recording-system.ts';

/** A process and all that it ever started, however it was started: seen often enough that none is missed that stays. */
export type Family = {
  /** Those that run now, with what they run. */
  living(): readonly Member[];
  /** The first child of a member. */
  childOf(pid: number): number;
  /** Waits until a member runs a program of this name. */
  untilSeen(name: string): Promise<void>;
  /** Waits until none of them runs, and gives how long that took; says which do when it is not within `ms`. */
  untilGone(ms: number): Promise<number>;
  /** Ends all that still run, and stops looking. */
  end(): void;
};

export type Member = { readonly pid: number; readonly runs: string };

type Seen = { readonly pid: number; readonly parent: number; readonly since: string; readonly isGone: boolean };

const lookEveryMs = 50;

/** Begins to look at the family of a process. A number is only the same process when it began at the same tick. */
export function watchFamily(head: number): Family {
  const members = new Map<number, Seen>();
  const look = (): ReadonlyMap<number, Seen> => {
    const now = listProcesses();
    const isNew = ({ pid, parent }: Seen): boolean => pid === head || members.has(parent);
    for (let found = true; found;) {
      const joining = [...now.values()].filter((one) => isNew(one) && !members.has(one.pid));
      for (const one of joining) members.set(one.pid, one);
      found = joining.length > 0;
    }
    return now;
  };
  const living = (): readonly Member[] => {
    const now = look();
    const isAlive = ({ pid, since }: Seen): boolean => now.get(pid)?.since === since && now.get(pid)?.isGone === false;
    return [...members.values()].filter(isAlive).map(({ pid }) => ({ pid, runs: commandOf(pid) }));
  };
  look();
  const timer = setInterval(look, lookEveryMs);
  return {
    living,
    childOf: (pid) => {
      look();
      const child = [...members.values()].find(({ parent }) => parent === pid);
      if (child === undefined) throw new Error(`process ${pid} started none`);
      return child.pid;
    },
    untilSeen: async (name) => {
      await until(`${name} runs`, () => living().some(({ runs }) => runs.split(' ')[0]?.endsWith(`/${name}`)), 60_000);
    },
    untilGone: (ms) =>
      until('all processes are gone', () => living().length === 0, ms).catch((cause: unknown) => {
        throw new Error(`still running: ${JSON.stringify(living())}`, { cause });
      }),
    end: () => {
      clearInterval(timer);
      for (const { pid } of living()) process.kill(pid, 'SIGKILL');
    },
  };
}

function listProcesses(): ReadonlyMap<number, Seen> {
  const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const seen = numbers.flatMap((name): Seen[] => {
    const text = read(`/proc/${name}/stat`);
    if (text === undefined) return [];
    // After the name of the program, which may hold anything: state, parent, …; the 20th is when it began (proc(5)).
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return [{ pid: Number(name), parent: Number(fields[1]), since: fields[19] ?? '', isGone: /[ZX]/.test(fields[0] ?? '') }];
  });
  return new Map(seen.map((one) => [one.pid, one]));
}

function commandOf(pid: number): string {
  return (read(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim();
}

/** A process may end while it is looked at. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
