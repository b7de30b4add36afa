import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FrontDoor } from '../src/command.ts';
import type { Io } from '../src/io.ts';
import { runCli } from '../src/run-cli.ts';
import { type StandIn, startStandIn } from '../../sdk/test/stand-in.ts';

export type Typed = {
  readonly stdin?: string;
  /** Whether a person sits there. */
  readonly tty?: boolean;
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Answers to questions, in order. */
  readonly answers?: readonly (string | boolean)[];
  readonly signal?: AbortSignal;
  readonly onOutput?: (text: string) => void;
};

export type Ran = { readonly code: number; readonly out: string; readonly err: string; readonly asked: readonly string[] };

export type Terminal = {
  readonly home: string;
  readonly server: StandIn;
  readonly run: (line: string | readonly string[], typed?: Typed) => Promise<Ran>;
  readonly close: () => Promise<void>;
};

/** A command line with a folder of its own, and a server at the other end of the wire. */
export async function openTerminal(frontDoor: FrontDoor = {}): Promise<Terminal> {
  const home = await mkdtemp(join(tmpdir(), 'surety-cli-'));
  const server = await startStandIn();
  return { home, server, run: (line, typed = {}) => type(home, frontDoor, words(line), typed), close: () => server.close() };
}

async function type(home: string, frontDoor: FrontDoor, argv: readonly string[], typed: Typed): Promise<Ran> {
  const texts = { out: '', err: '' };
  const asked: string[] = [];
  const answers = [...(typed.answers ?? [])];
  const answer = async (question: string): Promise<string | boolean> => {
    asked.push(question);
    return answers.shift() ?? '';
  };
  const tty = typed.tty === true;
  const io: Io = {
    stdout: {
      write: (text) => {
        texts.out += text;
        typed.onOutput?.(text);
      },
    },
    stderr: {
      write: (text) => {
        texts.err += text;
      },
    },
    stdin: (async function* () {
      yield typed.stdin ?? '';
    })(),
    env: { SURETY_HOME: home, ...typed.env },
    isTty: { stdin: tty, stdout: tty, stderr: tty },
    columns: typed.columns ?? 80,
    signal: typed.signal ?? new AbortController().signal,
    now: Date.now,
    fetch: globalThis.fetch,
    ask: {
      yesOrNo: async (question) => (await answer(question)) === true,
      text: async (question) => String(await answer(question)),
      secret: async (question) => String(await answer(question)),
    },
  };
  const code = await runCli(argv, io, frontDoor);
  return { code, ...texts, asked };
}

/** A line as a shell would cut it: quotes keep words together. */
function words(line: string | readonly string[]): readonly string[] {
  if (typeof line !== 'string') return line;
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
}

/** Whether a text would move a cursor, change a colour or hide something: controls other than line breaks, and bidi marks. */
export function hasTricks(text: string): boolean {
  return [...text].some((character) => character !== '\n' && /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(character));
}
