import type { Command } from 'commander';
import { fillCommand } from './build-program.ts';
import { exitCodes, usage } from './cli-error.ts';
import type { RootCommand } from './command.ts';
import type { Io } from './io.ts';
import { suggest } from './suggest.ts';

type HelpPlace = { readonly io: Pick<Io, 'stdout'>; readonly program: Command; readonly commands: readonly RootCommand[] };

/** Help for nothing, a topic, or a command: standard output, exit 0. */
export async function printHelp(words: readonly string[], place: HelpPlace): Promise<number> {
  const text = words.length === 0 ? rootHelp(place) : (topics[words[0] ?? '']?.() ?? (await commandHelp(words, place)));
  place.io.stdout.write(text);
  return exitCodes.done[0];
}

function rootHelp({ commands }: HelpPlace): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  const groups = [...Map.groupBy(commands, ({ group }) => group)].map(([group, members]) => {
    const lines = members.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}\n`);
    return `${group}\n${lines.join('')}`;
  });
  return [
    'Give every AI agent an identity, a limit and a person who answers for it.\n\nUsage: surety <command> [options]\n',
    ...groups,
    `Help\n  help <command>, or one of: ${Object.keys(topics).join(', ')}\n`,
  ].join('\n');
}

async function commandHelp(words: readonly string[], { program, commands }: HelpPlace): Promise<string> {
  const [name = '', sub] = words;
  const root = commands.find((one) => one.name === name);
  const command = program.commands.find((one) => one.name() === name);
  if (root === undefined || command === undefined) {
    const close = suggest(name, [...commands.map((one) => one.name), ...Object.keys(topics)]);
    throw usage(
      `There is no command or topic "${name}".`,
      close === undefined ? 'See "surety help".' : `Did you mean "surety help ${close}"?`,
    );
  }
  await fillCommand(command, root, { tail: [], run: async () => undefined });
  const one = sub === undefined ? command : command.commands.find((candidate) => candidate.name() === sub);
  if (one === undefined) throw usage(`There is no command "${name} ${sub}".`, `See "surety help ${name}".`);
  let text = '';
  one.configureOutput({ writeOut: (part) => void (text += part) });
  one.outputHelp();
  return text;
}

const topics: Readonly<Record<string, () => string>> = {
  'exit-codes': () =>
    Object.values(exitCodes)
      .map(([code, meaning]) => `${String(code).padEnd(5)}${meaning}\n`)
      .join(''),
  environment: () => environment.map(([name, meaning]) => `${name.padEnd(26)}${meaning}\n`).join(''),
  formatting: () => `${formatting.join('\n')}\n`,
};

const environment: readonly (readonly [string, string])[] = [
  ['SURETY_HOME', 'folder of contexts, keys and agents; default ~/.config/surety'],
  ['SURETY_CONTEXT', 'the context to use when --context is not given'],
  ['SURETY_URL', 'with the next two: the server, instead of a context'],
  ['SURETY_CLIENT_ID', 'id of the principal'],
  ['SURETY_PRIVATE_KEY_FILE', 'file with its private key (JWK, EC P-256, mode 0600)'],
  ['SURETY_GATEWAY_URL', 'where guarded systems are reached; default: the host of the server, one port further'],
  ['SURETY_A11Y', '1: no signs or progress, tables as lines of "key: value"'],
  ['NO_COLOR', 'any value: no colour'],
];

const formatting: readonly string[] = [
  '-o table   columns for people; cut to the width of a terminal, whole in a pipe (default)',
  '-o wide    with more columns',
  '-o json    one object, or a list of them; errors are JSON too, on standard error',
  '-o jsonl   one object a line',
  '-o yaml    the same as json',
  '-o csv     all fields, RFC 4180; a value that a spreadsheet would run gets an apostrophe before it',
  '-o name    names or ids, one a line',
  '--fields a,b.c   only these fields',
  '',
  'Standard output is data and nothing else. Times are local in tables, with the offset in the title, and RFC 3339 in UTC',
  'in every other format. A format never depends on whether there is a terminal; colour and width do.',
];
