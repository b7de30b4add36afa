import { Command, Option } from 'commander';
import type { CommandSpec, Given, OptionSpec, RootCommand } from './command.ts';
import type { Output } from './io.ts';

/** Called with what was typed once a command is found. */
export type Run = (spec: CommandSpec, given: Given, flags: Flags) => Promise<void>;

/** Options that every command takes, wherever they stand. */
export type Flags = {
  readonly output: string;
  readonly fields?: string;
  readonly context?: string;
  readonly color: string;
  readonly yes?: boolean;
  readonly acceptRisk?: readonly string[];
  readonly dryRun?: boolean;
};

export type ProgramOptions = {
  readonly commands: readonly RootCommand[];
  readonly version: string;
  readonly tail: readonly string[];
  readonly stdout: Output;
  readonly stderr: Output;
  readonly run: Run;
};

const globalOptions: readonly OptionSpec[] = [
  { flags: '-o, --output <format>', about: 'table, wide, json, jsonl, yaml, csv or name' },
  { flags: '--fields <names>', about: 'only these fields, separated by commas' },
  { flags: '--context <name>', about: 'which server, of those in "surety context ls"' },
  { flags: '--color <when>', about: 'auto, always or never' },
  { flags: '--yes', about: 'do not ask before what can be undone' },
  { flags: '--accept-risk <name>', about: 'accept a named risk instead of being asked', repeat: true },
];

/**
 * The parser. Commands below the root are defined when their root command is met, so that a start reads one module and
 * not all of them.
 */
export function buildProgram({ commands, version, tail, stdout, stderr, run }: ProgramOptions): Command {
  const program = new Command('surety');
  program.exitOverride();
  program.configureOutput({
    writeOut: (text) => void stdout.write(text),
    writeErr: (text) => void stderr.write(text),
    outputError: () => undefined,
  });
  program.version(version, '-V, --version', 'the version');
  for (const option of globalOptions) program.addOption(optionOf(option));
  program.setOptionValue('output', 'table').setOptionValue('color', 'auto');
  program.helpCommand(false);
  program.configureHelp({ showGlobalOptions: true });
  for (const { name, summary } of commands) program.addCommand(inherit(program, new Command(name).description(summary)));
  program.hook('preSubcommand', async (_program, command) => {
    const root = commands.find(({ name }) => name === command.name());
    if (root !== undefined) await fillCommand(command, root, { tail, run });
  });
  return program;
}

/** Defines what a root command takes, or its commands. */
export async function fillCommand(
  command: Command,
  root: Pick<RootCommand, 'load'>,
  { tail, run }: Pick<ProgramOptions, 'tail' | 'run'>,
): Promise<void> {
  const spec = await root.load();
  if (!isList(spec)) return define(command.description(spec.summary), spec, { tail, run });
  for (const one of spec) {
    const [name = '', ...takes] = one.usage.split(' ');
    const sub = inherit(command, new Command(name).description(one.summary));
    define(sub, { ...one, usage: takes.join(' ') }, { tail, run });
    command.addCommand(sub);
  }
  command.helpCommand(false);
}

function define(command: Command, spec: CommandSpec, { tail, run }: Pick<ProgramOptions, 'tail' | 'run'>): void {
  if (spec.usage !== '') command.arguments(spec.usage);
  for (const option of spec.options ?? []) command.addOption(optionOf(option));
  if (spec.changes === true)
    command.addOption(optionOf({ flags: '--dry-run', about: 'say what would be asked, and ask nothing' }));
  if (spec.example !== undefined) command.addHelpText('after', `\n${spec.example}`);
  command.action(async () => {
    if (tail.length > 0 && spec.takesTail !== true) command.error(`error: nothing is taken behind "--" here`);
    const values = command.opts<Record<string, unknown>>();
    const given = { args: command.args, tail, ...readersOf(values) };
    await run(spec, given, command.optsWithGlobals<Flags>());
  });
}

function readersOf(values: Readonly<Record<string, unknown>>): Pick<Given, 'text' | 'flag' | 'list'> {
  const at = (option: string): unknown => values[option.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())];
  return {
    text: (option) => {
      const value = at(option);
      return typeof value === 'string' ? value : undefined;
    },
    flag: (option) => at(option) === true,
    list: (option) => {
      const value = at(option);
      return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
    },
  };
}

function optionOf({ flags, about, repeat }: OptionSpec): Option {
  const option = new Option(flags, about);
  return repeat === true
    ? option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value])
    : option;
}

function inherit(parent: Command, command: Command): Command {
  return command.copyInheritedSettings(parent);
}

function isList(spec: CommandSpec | readonly CommandSpec[]): spec is readonly CommandSpec[] {
  return Array.isArray(spec);
}
