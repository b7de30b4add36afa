import type { Ask, Io } from './io.ts';

/** npm, and a launcher without a terminal, pass on a Ctrl-C that the terminal has sent to everybody already. */
const sameSignalMs = 500;

/**
 * The world of a process at a terminal. Ctrl-C, SIGTERM and the loss of the terminal abort `signal`, so that a command can
 * end what it began; a second order ends the process at once, unless it is the first one passed on. A reader that has seen
 * enough (`| head`), or a terminal that is gone, is no error.
 */
export function processIo(): Io {
  const stop = new AbortController();
  let stoppedAt = 0;
  const onSignal = (): void => {
    if (!stop.signal.aborted) {
      stoppedAt = performance.now();
      stop.abort();
    } else if (performance.now() - stoppedAt > sameSignalMs) {
      process.exit(130);
    }
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE' || error.code === 'EIO') process.exit(0);
      throw error;
    });
  }
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    env: process.env,
    isTty: { stdin: process.stdin.isTTY, stdout: process.stdout.isTTY, stderr: process.stderr.isTTY },
    columns: process.stdout.columns ?? 80,
    signal: stop.signal,
    now: Date.now,
    fetch: globalThis.fetch,
    ask: askAtTerminal,
  };
}

/** Prompts go to standard error: standard output is data. Esc and Ctrl-C are a no, and end the command. */
const askAtTerminal: Ask = {
  yesOrNo: async (message) => {
    const prompts = await import('@clack/prompts');
    return (await prompts.confirm({ message, initialValue: false, output: process.stderr })) === true;
  },
  text: async (message) => {
    const prompts = await import('@clack/prompts');
    return answered(await prompts.text({ message, output: process.stderr }));
  },
  secret: async (message) => {
    const prompts = await import('@clack/prompts');
    return answered(await prompts.password({ message, output: process.stderr }));
  },
};

function answered(answer: unknown): string {
  return typeof answer === 'string' ? answer : '';
}
