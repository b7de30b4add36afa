import { buildProgram } from '@surety/cli/build-program';
import { exitCodes } from '@surety/cli/cli-error';
import type { CommandSpec, RootCommand } from '@surety/cli/command';
import { page, table } from './gen-reference.ts';

/** What the command line ends with. */
export function exitCodesPage(): string {
  const rows = Object.values(exitCodes).map(([code, meaning]) => [`\`${code}\``, meaning]);
  return page('Exit codes', 'packages/cli/src/cli-error.ts', [
    '`surety help exit-codes` prints the same. A code keeps its meaning: scripts rely on it.',
    '',
    ...table(['Code', 'Meaning'], rows),
  ]);
}

/** Every command, with what it takes. */
export async function commandsPage(commands: readonly RootCommand[]): Promise<string> {
  const sections = await Promise.all(commands.map(async (root) => ({ root, specs: [await root.load()].flat() })));
  const groups = [...Map.groupBy(sections, ({ root }) => root.group)];
  return page('Commands', 'packages/cli/src/commands/*.ts', [
    '`surety help <command>` prints the same. `--dry-run` says what would be asked, and asks nothing; every command that changes',
    'something on a server has it. What commands end with is in [exit-codes.md](exit-codes.md).',
    '',
    '## Options of every command',
    '',
    ...everywhere(commands),
    ...groups.flatMap(([group, members]) => ['', `## ${group}`, ...members.flatMap(({ root, specs }) => section(root, specs))]),
  ]);
}

/** Options of the program itself, from the parser that reads them. */
function everywhere(commands: readonly RootCommand[]): string[] {
  const nowhere = { write: () => true };
  const run = async (): Promise<void> => undefined;
  const program = buildProgram({ commands, version: '', tail: [], stdout: nowhere, stderr: nowhere, run });
  return program.options.map(({ flags, description }) => `* \`${flags}\`: ${plain(description)}`);
}

function section({ name, summary }: RootCommand, specs: readonly CommandSpec[]): string[] {
  const about = specs.length === 1 ? [] : [`${capital(summary)}.`, ''];
  return ['', `### ${name}`, '', ...about, ...specs.flatMap((spec) => linesOf(name, spec))];
}

function linesOf(name: string, { usage, summary, options = [], changes = false }: CommandSpec): string[] {
  const typed = ['surety', name, usage].filter((word) => word !== '').join(' ');
  const command = `* \`${typed}\`${changes ? ' `[--dry-run]`' : ''}: ${plain(capital(summary))}`;
  const below = options.map(
    ({ flags, about, repeat }) => `  * \`${flags}\`: ${plain(about)}${repeat === true ? '; may be repeated' : ''}`,
  );
  return [command, ...below];
}

/** Text as it is, with nothing in it that becomes markup. */
function plain(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('*', '\\*');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
