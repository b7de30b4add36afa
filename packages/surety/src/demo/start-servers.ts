import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** One of Northwind's own MCP servers, running as a process of its own. */
export type DemoServer = { readonly url: string; readonly close: () => Promise<void> };

/** Where a server's program is, in source or as published. */
export function serverProgram(name: string): string {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`./servers/${name}.${ending}`, import.meta.url));
}

/** Starts one of the HTTP servers in `servers/` and waits until it says where it listens. It ends when we do. */
export async function startServer(name: string, env: Readonly<Record<string, string>> = {}): Promise<DemoServer> {
  const child = spawn(process.execPath, [serverProgram(name)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'] ?? '', ...env },
  });
  const port = await readPort(child, name);
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function readPort(child: ChildProcess, name: string): Promise<number> {
  if (child.stdout === null) throw new Error(`the server ${name} has no output`);
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /^listening (\d+)$/.exec(line)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error(`the server ${name} ended before it listened`);
}
