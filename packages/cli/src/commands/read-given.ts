import { readFile } from 'node:fs/promises';
import { usage } from '../cli-error.ts';
import type { Cli, Given } from '../command.ts';
import { readStdin } from '../io.ts';
import { readDuration } from '../output/times.ts';
import { suggest } from '../suggest.ts';

/** Without the members that are undefined, in type and in fact. */
export function definedOnly<Members extends object>(
  members: Members,
): { [Name in keyof Members]?: Exclude<Members[Name], undefined> } & Pick<Members, DefinedNames<Members>> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}

type DefinedNames<Members> = { [Name in keyof Members]: undefined extends Members[Name] ? never : Name }[keyof Members];

/** One of a few words, or undefined when it was not given. */
export function readChoice<const Word extends string>(given: Given, option: string, words: readonly Word[]): Word | undefined {
  const typed = given.text(option);
  const word = words.find((one) => one === typed);
  if (typed === undefined || word !== undefined) return word;
  const close = suggest(typed, words);
  throw usage(
    `--${option} is not "${typed}".`,
    close === undefined ? `It is one of ${words.join(', ')}.` : `Did you mean "${close}"?`,
  );
}

/** Names given one by one, or separated by commas; `none` is the empty list. Undefined when the option was not given. */
export function readNames(given: Given, option: string): string[] | undefined {
  const typed = given.list(option);
  if (typed.length === 0) return undefined;
  const names = typed
    .flatMap((one) => one.split(','))
    .map((one) => one.trim())
    .filter((one) => one !== '');
  return names.length === 1 && names[0] === 'none' ? [] : names;
}

/** A duration such as 60s or 5m, in milliseconds. `true` when the option stands without a value. */
export function readWait(given: Given, option: string, otherwiseMs: number): number | undefined {
  if (given.flag(option)) return otherwiseMs;
  const typed = given.text(option);
  if (typed === undefined) return undefined;
  return readDuration(typed) ?? badDuration(option, typed);
}

function badDuration(option: string, typed: string): never {
  throw usage(`--${option} is not a duration: "${typed}".`, 'Write 60s, 5m or 2h.');
}

/** A whole number within bounds, or undefined when it was not given. */
export function readCount(given: Given, option: string): number | undefined {
  const typed = given.text(option);
  if (typed === undefined) return undefined;
  if (!/^\d{1,9}$/.test(typed)) throw usage(`--${option} is not a number: "${typed}".`, `Write --${option} 50.`);
  return Number(typed);
}

/** The text of a file, or of standard input for `-`. */
export async function readText(cli: Cli, path: string): Promise<string> {
  if (path === '-') return readStdin(cli.io);
  return readFile(path, 'utf8').catch(() => {
    throw usage(`The file ${path} cannot be read.`, 'Check the path, or give - for standard input.');
  });
}
