import type { Fetch } from '@surety/sdk/token-source';

/** Everything a command may touch of the world, so that a test can hold all of it. */
export type Io = {
  /** Data, and nothing else. */
  readonly stdout: Output;
  /** Context, progress, warnings and errors. */
  readonly stderr: Output;
  readonly stdin: AsyncIterable<Uint8Array | string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTty: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  /** Width of the terminal in characters. */
  readonly columns: number;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly fetch: Fetch;
  /** Questions to the person at the terminal. Never called when standard input is none. */
  readonly ask: Ask;
};

export type Output = { readonly write: (text: string) => unknown };

export type Ask = {
  readonly yesOrNo: (question: string) => Promise<boolean>;
  readonly text: (question: string) => Promise<string>;
  /** Not shown while it is typed. */
  readonly secret: (question: string) => Promise<string>;
};

/** All of standard input. */
export async function readStdin(io: Pick<Io, 'stdin'>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
