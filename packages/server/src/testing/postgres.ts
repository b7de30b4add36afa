import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Address of a database on the server of this run, with the right to create others. Holds the password. */
    testServer: string;
    /** The migrated database that every house is a clone of, and the prefix of their names. */
    testTemplate: string;
  }
}

let engine: ChildProcess | undefined;

/**
 * vitest `globalSetup`: one real PostgreSQL per run, one migrated template. The engine is a process of its own, so that
 * it runs the product's code exactly as Node runs it, and ends even when this process is killed.
 */
export async function setup(project: TestProject): Promise<void> {
  const program = fileURLToPath(new URL('engine.ts', import.meta.url));
  // detached: Ctrl-C must reach the engine only after the tests have ended.
  engine = spawn(process.execPath, ['--conditions=@surety/source', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const { server, template } = await firstLine(engine);
  project.provide('testServer', server);
  project.provide('testTemplate', template);
}

export async function teardown(): Promise<void> {
  if (engine === undefined || engine.exitCode !== null) return;
  const gone = once(engine, 'exit');
  engine.stdin?.end();
  await gone;
}

async function firstLine(child: ChildProcess): Promise<{ server: string; template: string }> {
  if (child.stdout === null) throw new Error('the test engine has no output');
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line);
  throw new Error('the test engine did not start; what it said stands above');
}
