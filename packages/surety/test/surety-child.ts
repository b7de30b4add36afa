import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Address } from './by-hand.ts';
import { sendRaw } from './raw-http.ts';
import { until } from './recording-system.ts';

/** Surety in a process of its own, to be stopped and killed. */
export type SuretyChild = {
  readonly process: ChildProcess;
  /** Where it listens. */
  readonly at: Address;
  /** What it has said so far. */
  stdout(): string;
  stderr(): string;
  /** Sends a signal and waits until the process is gone; its exit code, or the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>;
};

export const suretyBin = fileURLToPath(new URL('../bin/surety.js', import.meta.url));

/** As the launcher would start it, without the process of the launcher between us. */
export const suretyArguments = ['--conditions=@surety/source', '--disable-warning=ExperimentalWarning', suretyBin];

/** `surety up` on ports that are free now; resolves when it is ready. Everything else comes from `env`. */
export async function startSurety(env: Readonly<Record<string, string>>): Promise<SuretyChild> {
  const [port, gatewayPort] = [
    env['SURETY_PORT'] ?? String(await freePort()),
    env['SURETY_GATEWAY_PORT'] ?? String(await freePort()),
  ];
  const child = spawn(process.execPath, [...suretyArguments, 'up'], {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: env['SURETY_DATA_DIR'],
      SURETY_LOG_LEVEL: 'warn',
      ...env,
      SURETY_PORT: port,
      SURETY_GATEWAY_PORT: gatewayPort,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (text) => void (said.stdout += String(text)));
  child.stderr.on('data', (text) => void (said.stderr += String(text)));
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const end: SuretyChild['end'] = async (signal) => {
    child.kill(signal);
    const [code, by] = await exited;
    return code ?? by ?? 'SIGKILL';
  };
  const at = { issuer: `http://127.0.0.1:${port}`, gateway: `http://127.0.0.1:${gatewayPort}` };
  try {
    await until(
      'Surety is up',
      () => {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`Surety ended: ${said.stderr}`);
        return said.stdout.includes('Surety is up.');
      },
      60_000,
    );
  } catch (thrown) {
    await end('SIGKILL');
    throw new Error(`${String(thrown)}\n${said.stdout}\n${said.stderr}`, { cause: thrown });
  }
  return { process: child, at, stdout: () => said.stdout, stderr: () => said.stderr, end };
}

/** Whether a node would serve now. */
export async function isReady({ issuer }: Address): Promise<boolean> {
  return sendRaw(`${issuer}/readyz`, { method: 'GET' }).then(
    ({ status }) => status === 200,
    () => false,
  );
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
