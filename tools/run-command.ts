import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this repository, whatever folder we were started from. */
export const houseRoot = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Whether the module at `url` is the program that was started, not imported. */
export function isStarted(url: string): boolean {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(url);
}

export type Run = { readonly code: number; readonly output: string };

/** Runs a program to its end with its standard input closed. `output` is what it wrote to both of its streams, in order. */
export async function runCommand(program: string, args: readonly string[], folder: string): Promise<Run> {
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1' } });
  let output = '';
  const keep = (text: string): void => {
    output += text;
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** A program that this repository installed. */
export function installedProgram(name: string): string {
  return join(houseRoot, 'node_modules', '.bin', process.platform === 'win32' ? `${name}.cmd` : name);
}
