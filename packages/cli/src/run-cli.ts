import { type Command, CommanderError } from 'commander';
import { buildProgram, type Flags, type Run } from './build-program.ts';
import { exitCodes, reportOf, usage } from './cli-error.ts';
import type { Cli, FrontDoor, RootCommand } from './command.ts';
import { commandTable } from './command-table.ts';
import type { Io } from './io.ts';
import { createPrinter, type Format, formats } from './output/print.ts';
import { printError } from './output/print-error.ts';
import { type ColorChoice, createStyle } from './output/style.ts';
import { suggest } from './suggest.ts';

/**
 * The command line: `argv` without node and script. Data goes to `io.stdout` and nothing else does; context, progress
 * and errors go to `io.stderr`. Resolves to the exit code (`exitCodes`), and never rejects.
 */
export async function runCli(argv: readonly string[], io: Io, frontDoor: FrontDoor = {}): Promise<number> {
  const version = frontDoor.version ?? '0.0.0';
  const commands = [...localCommands(frontDoor), ...commandTable];
  const { head, tail } = splitTail(argv);
  let code: number = exitCodes.done[0];
  const run: Run = async (spec, given, flags) => {
    code = (await spec.run(await openCli({ io, frontDoor, commands }, flags), given)) ?? code;
  };
  const program = buildProgram({ commands, version, tail, stdout: io.stdout, stderr: io.stderr, run });
  try {
    if (head.length === 0 || head[0] === 'help' || isRootHelp(head)) {
      const { printHelp } = await import('./print-help.ts');
      return await printHelp(
        head.filter((word) => word !== 'help' && !word.startsWith('-')),
        { io, program, commands },
      );
    }
    await program.parseAsync(head, { from: 'user' });
    return io.signal.aborted && code !== 0 ? exitCodes.interrupted[0] : code;
  } catch (thrown) {
    return fail(thrown, { argv, io, program });
  }
}

function isRootHelp(head: readonly string[]): boolean {
  return head.every((word) => word === '-h' || word === '--help');
}

function fail(thrown: unknown, { argv, io, program }: { argv: readonly string[]; io: Io; program: Command }): number {
  const style = createStyle(
    { env: io.env, isTty: { ...io.isTty, stdout: io.isTty.stderr } },
    colorOf(program.opts<Flags>().color),
  );
  const json = wantsJson(argv);
  if (thrown instanceof CommanderError) {
    if (thrown.exitCode === 0) return exitCodes.done[0];
    // A command that needs another one behind it: its help was written to standard error.
    if (thrown.code === 'commander.help') return exitCodes.usage[0];
    const message = thrown.message.replace(/^error: /, '').replaceAll(/\s+/g, ' ');
    printError(io.stderr, usage(capital(message), 'See "surety help", or add --help.').report, { json, style });
    return exitCodes.usage[0];
  }
  const { exit, report } = io.signal.aborted ? reportOf(new DOMException('Interrupted', 'AbortError')) : reportOf(thrown);
  printError(io.stderr, report, { json, style });
  return exitCodes[exit][0];
}

async function openCli({ io, frontDoor, commands }: Pick<Cli, 'io' | 'frontDoor' | 'commands'>, flags: Flags): Promise<Cli> {
  const format = readFormat(flags.output);
  const style = createStyle(io, readColor(flags.color));
  const fields = flags.fields
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const print = createPrinter(io, { format, fields, style });
  const { suretyHome } = await import('@surety/sdk/local-identity');
  const home = suretyHome(io.env);
  const acceptedRisks = flags.acceptRisk ?? [];
  const plaintext = acceptedRisks.includes('plaintext');
  let session: ReturnType<Cli['session']> | undefined;
  return {
    io,
    home,
    print,
    frontDoor,
    commands,
    plaintext,
    acceptedRisks,
    version: frontDoor.version ?? '0.0.0',
    yes: flags.yes === true,
    dryRun: flags.dryRun === true,
    session: () => {
      session ??= import('./session.ts').then(({ openSession }) => openSession({ io, home, context: flags.context, plaintext }));
      return session;
    },
    warn: ({ message, next }) => print.note([style.mark('warning', message), ...next.map((line) => `  ${line}`)].join('\n')),
  };
}

function readFormat(output: string): Format {
  const format = formats.find((one) => one === output);
  if (format !== undefined) return format;
  const close = suggest(output, formats);
  throw usage(
    `There is no output format "${output}".`,
    close === undefined ? `Formats are: ${formats.join(', ')}.` : `Did you mean "${close}"?`,
  );
}

function readColor(color: string): ColorChoice {
  if (color === 'auto' || color === 'always' || color === 'never') return color;
  throw usage(`--color is auto, always or never, not "${color}".`, 'Leave it out for auto.');
}

function colorOf(color: string): ColorChoice {
  return color === 'always' || color === 'never' ? color : 'auto';
}

/** Asked before anything is parsed: an error in the parsing is JSON too. */
function wantsJson(argv: readonly string[]): boolean {
  const line = argv.join(' ');
  return /(^| )(-o ?|--output[ =])jsonl?( |$)/.test(line);
}

/** What stands behind the first `--` is for the command, and no parser of ours looks at it. */
function splitTail(argv: readonly string[]): { readonly head: readonly string[]; readonly tail: readonly string[] } {
  const at = argv.indexOf('--');
  return at < 0 ? { head: argv, tail: [] } : { head: argv.slice(0, at), tail: argv.slice(at + 1) };
}

/** The commands of a front door, as commands at the root. */
export function localCommands({ commands = {} }: FrontDoor): readonly RootCommand[] {
  return Object.entries(commands).map(([name, spec]) => ({
    name,
    summary: spec.summary,
    group: 'Start' as const,
    load: async () => spec,
  }));
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
