import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { judgeComment } from './judge-comment.ts';
import { listFiles } from './read-tree.ts';
import { declaredNames, scanSource, type Token } from './scan-source.ts';

/** A word that no name may hold, and the word of the glossary that is meant. */
type RefusedWord = { readonly word: string; readonly onlyLast: boolean; readonly instead: string };

/** Names that the check lets pass, each with its reason. */
const exceptions: Readonly<Record<string, string>> = {};

/** Words that people at a terminal do not read: what we say instead. Sentences only; a JSON member is not a sentence. */
const sayInstead: readonly (readonly [RegExp, string])[] = [
  [/\b(?:owners?|sponsors?|custodians?)\b/i, 'say who "answers for" it'],
  [/\b(?:entitlements?|permissions)\b(?!:)/i, 'say what it "may do"'],
  [/\b(?:terminated|audit-only)\b/i, 'say "stopped" or "observed"'],
  [/\b(?:token-exchanged|delegated)\b/i, 'say "passed on"'],
  [/\b(?:kill(?:ed)?|reinstated?)\b/i, 'say "Stop" or "Start again"'],
  [/\bintegrity violation\b/i, 'say "does not match"'],
];

const codeFolders = ['packages', 'tools', 'bench', 'conformance', 'examples', 'deploy'];

/**
 * Refuses words in the names of files, folders, types, functions, tables and columns (the last column of
 * `docs/glossary.md`), comments that name a ticket, a date, a person or an intention, suppressions without a reason, and
 * words on the command line that we do not say to people.
 */
export function checkWords(root: string): string[] {
  const words = readRefusedWords(readFileSync(join(root, 'docs/glossary.md'), 'utf8'));
  const files = codeFolders
    .flatMap((folder) => listFiles(root, folder))
    .concat(listFiles(root).filter((file) => !file.includes('/')));
  return files.flatMap((file) => {
    const inPath = judgeName(words, file).map((why) => `${file}: ${why}`);
    if (file.endsWith('.ts')) return [...inPath, ...judgeSource(words, file, readFileSync(join(root, file), 'utf8'))];
    if (file.endsWith('.sql')) return [...inPath, ...judgeMigration(words, file, readFileSync(join(root, file), 'utf8'))];
    return inPath;
  });
}

/** The last column of each table of the glossary. */
export function readRefusedWords(glossary: string): RefusedWord[] {
  const rows = glossary.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| Word'));
  return rows.flatMap((row) => {
    const [instead = '', , , refused = ''] = row
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    return refused
      .split(/,\s*/)
      .filter((word) => word.length > 0)
      .map((word) => ({ word: word.replace('…', ''), onlyLast: word.startsWith('…'), instead }));
  });
}

function judgeSource(words: readonly RefusedWord[], file: string, source: string): string[] {
  const tokens = scanSource(source);
  const names = declaredNames(tokens).flatMap(({ name, line }) => judgeName(words, name).map((why) => `${file}:${line}: ${why}`));
  const comments = tokens.filter(({ kind }) => kind === 'comment').flatMap((comment) => judgeComment(file, comment));
  const isForPeople = /^packages\/(?:cli|surety)\/src\//.test(file) && !file.endsWith('.test.ts');
  return [...names, ...comments, ...(isForPeople ? tokens.flatMap((token) => judgeSentence(file, token)) : [])];
}

function judgeSentence(file: string, { kind, text, line }: Token): string[] {
  if ((kind !== 'string' && kind !== 'template') || !/[a-z] [a-z]/.test(text)) return [];
  return sayInstead
    .filter(([pattern]) => pattern.test(text))
    .map(([, instead]) => `${file}:${line}: ${instead} (docs/glossary.md)`);
}

function judgeMigration(words: readonly RefusedWord[], file: string, sql: string): string[] {
  return sql.split('\n').flatMap((text, index) => {
    const comment = /--.*/.exec(text)?.[0];
    const code = text.replace(/--.*/, '');
    const name =
      /^\s*create (?:unlogged )?table (?:if not exists )?(\w+)|^ {2,}(\w+) +[a-z]|\badd column (?:if not exists )?(\w+)/.exec(
        code,
      );
    const complaints = judgeName(words, name?.[1] ?? name?.[2] ?? name?.[3] ?? '').map((why) => `${file}:${index + 1}: ${why}`);
    const remark: Token = { kind: 'comment', text: comment ?? '', line: index + 1 };
    return comment === undefined ? complaints : [...complaints, ...judgeComment(file, remark)];
  });
}

/** `refund-bot/newUserInfo` is read as: refund, bot, new, user, info. The last word of each part of a path counts as last. */
function judgeName(words: readonly RefusedWord[], name: string): string[] {
  if (Object.hasOwn(exceptions, name)) return [];
  return name
    .replace(/(\.pin)?(\.test)?\.\w+$/, '')
    .split('/')
    .flatMap((part) => {
      const parts = wordsOf(part);
      return words
        .filter(({ word, onlyLast }) => (onlyLast ? parts.at(-1) === word : parts.includes(word)))
        .map(({ word, instead }) => `'${word}' in the name ${part}: docs/glossary.md says ${instead}`);
    });
}

function wordsOf(name: string): string[] {
  return name.split(/[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/).map((word) => word.toLowerCase());
}
