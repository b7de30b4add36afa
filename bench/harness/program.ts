import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { cpuOf, pinTo } from './cpu.ts';
import type { Plan } from './plan.ts';

/** A program of `bench/programs` that runs as our child and answers questions. It ends when we do. */
export type Program = {
  readonly pid: number;
  /** Asks it something; rejects with what it says went wrong, or when it ends. */
  ask<Answer>(question: string, value?: unknown): Promise<Answer>;
  /** CPU of its process so far, all threads, in microseconds. */
  cpuMicros(): Promise<number>;
  close(): Promise<void>;
};

export type Answered = { readonly id: number; readonly answer?: unknown; readonly error?: string };

/** How long a program may take to end in order, in milliseconds. */
const closeMs = 15_000;

export async function startProgram(name: string, plan: Plan): Promise<Program> {
  const profile =
    plan.profileFolder === undefined
      ? []
      : ['--cpu-prof', '--cpu-prof-dir', plan.profileFolder, '--cpu-prof-name', `${name}.cpuprofile`];
  const child = fork(fileURLToPath(new URL(`../programs/${name}.ts`, import.meta.url)), [], {
    execArgv: ['--conditions=@surety/source', ...profile],
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await ready(child, name);
  if (plan.pin) pinTo(child.pid ?? 0, cpuOf.servers);
  return talkTo(child, name);
}

/** A program says that it can be asked; one that breaks before that has said why on standard error. */
function ready(child: ChildProcess, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`${name} did not start`)));
  });
}

function talkTo(child: ChildProcess, name: string): Program {
  const waiting = new Map<number, { resolve: (answer: unknown) => void; reject: (thrown: Error) => void }>();
  let asked = 0;
  const exited = once(child, 'exit');
  child.on('message', ({ id, answer, error }: Answered) => {
    const one = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) one?.resolve(answer);
    else one?.reject(new Error(`${name}: ${error}`));
  });
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error(`${name} has ended`));
  });
  const ask = <Answer>(question: string, value?: unknown): Promise<Answer> =>
    new Promise((resolve, reject) => {
      if (!child.connected) return reject(new Error(`${name} has ended`));
      const id = asked++;
      waiting.set(id, { resolve: (answer) => resolve(answer as Answer), reject });
      child.send({ id, question, value });
    });
  return {
    pid: child.pid ?? 0,
    ask,
    cpuMicros: () => ask<number>('cpu'),
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const timer = setTimeout(() => child.kill('SIGKILL'), closeMs);
      if (child.connected) child.disconnect();
      await exited;
      clearTimeout(timer);
    },
  };
}
