import { usage } from '../cli-error.ts';
import type { CommandSpec, RootCommand } from '../command.ts';

export const completionCommand: CommandSpec = {
  usage: '<shell>',
  summary: 'Completion for bash or zsh: eval "$(surety completion bash)"',
  run: async (cli, { args }) => {
    const shell = args[0];
    if (shell !== 'bash' && shell !== 'zsh') throw usage(`There is no completion for "${shell}".`, 'Shells are bash and zsh.');
    const words = await commandWords(cli.commands);
    await cli.print.result({ shell, script: scripts[shell](words) }, scripts[shell](words).split('\n'), shell);
  },
};

/** Each root command with the names of the commands below it. */
async function commandWords(commands: readonly RootCommand[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const words = new Map<string, readonly string[]>();
  for (const { name, load } of commands) {
    const spec = await load();
    words.set(name, 'usage' in spec ? [] : spec.map(({ usage: takes }) => takes.split(' ')[0] ?? ''));
  }
  return words.set('help', [...words.keys(), 'exit-codes', 'environment', 'formatting']);
}

type Script = (words: ReadonlyMap<string, readonly string[]>) => string;

const cases = (words: ReadonlyMap<string, readonly string[]>, line: (name: string, subs: string) => string): string =>
  [...words]
    .filter(([, subs]) => subs.length > 0)
    .map(([name, subs]) => line(name, subs.join(' ')))
    .join('\n');

const bash: Script = (words) => `_surety() {
  local words=""
  case "\${COMP_CWORD}" in
    1) words="${[...words.keys()].join(' ')}" ;;
    2) case "\${COMP_WORDS[1]}" in
${cases(words, (name, subs) => `      ${name}) words="${subs}" ;;`)}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "\${words}" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _surety surety`;

const zsh: Script = (words) => `#compdef surety
_surety() {
  if (( CURRENT == 2 )); then
    compadd ${[...words.keys()].join(' ')}
  elif (( CURRENT == 3 )); then
    case "\${words[2]}" in
${cases(words, (name, subs) => `      ${name}) compadd ${subs} ;;`)}
    esac
  fi
}
compdef _surety surety`;

const scripts = { bash, zsh } as const;
