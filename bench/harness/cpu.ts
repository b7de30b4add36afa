import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** CPU of this process so far, all threads, user and system, in microseconds. */
export function ownCpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Ticks of `/proc/<pid>/stat` are a hundredth of a second on every Linux that Node runs on. */
const microsPerTick = 10_000;

/**
 * CPU of a process and its children, those that have ended too, in microseconds; 0 where there is no `/proc`. PostgreSQL
 * gives every connection a process, which is why a single one says little.
 */
export function familyCpuMicros(pid: number): number {
  const members = [pid, ...childrenOf(pid)];
  return members.reduce((sum, member) => sum + cpuMicros(member), endedChildrenMicros(pid));
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')
        .split(' ')
        .filter((one) => one !== '')
        .map(Number),
    );
  } catch {
    return [];
  }
}

/** The scheduler's count, in nanoseconds, is exact where the kernel keeps it; it is of one thread, as PostgreSQL's are. */
function cpuMicros(pid: number): number {
  try {
    const nanoseconds = Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]);
    return nanoseconds > 0 ? nanoseconds / 1_000 : ticksOf(pid, 'own') * microsPerTick;
  } catch {
    return 0;
  }
}

function endedChildrenMicros(pid: number): number {
  try {
    return ticksOf(pid, 'ended children') * microsPerTick;
  } catch {
    return 0;
  }
}

/** User and system ticks; the name of the program, which may hold spaces, is cut off first. */
function ticksOf(pid: number, whose: 'own' | 'ended children'): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  const first = whose === 'own' ? 11 : 13;
  return Number(fields[first]) + Number(fields[first + 1]);
}

/** The CPU that servers run on, and the one that load comes from; PostgreSQL is beside the load. */
export const cpuOf = { servers: 0, load: 1 } as const;

/**
 * Keeps a process with its threads and children on one CPU. Whether it worked: it takes Linux, `taskset`, and two CPUs. All
 * CPUs are counted, not those that are left to us: once we are kept on one ourselves, that would be one.
 */
export function pinTo(pid: number, cpu: number): boolean {
  if (process.platform !== 'linux' || cpus().length < 2) return false;
  try {
    for (const member of [pid, ...childrenOf(pid)])
      execFileSync('taskset', ['-acp', String(cpu), String(member)], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
