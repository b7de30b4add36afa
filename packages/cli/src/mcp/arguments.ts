import { ExactJsonError, type ExactRecord, type ExactValue, isExactRecord, readExactJson } from '@surety/contract/exact-json';
import { usage } from '../cli-error.ts';
import { type JsonKind, kindOf, type KindsOf } from './argument-kinds.ts';

/** A word `name=value` as it was typed. */
type Typed = { readonly name: string; readonly text: string; readonly isText: boolean };

/** Arguments as they were typed, before it is known what each may be. `asText` are always text. */
export function splitArguments(words: readonly string[], asText: readonly string[]): readonly Typed[] {
  const names = new Set<string>();
  const split = (word: string, isText: boolean): Typed => {
    const at = word.indexOf('=');
    if (at < 1) throw usage(`This is no argument: "${word}".`, 'Write name=value, or --json for all of them.');
    const name = word.slice(0, at);
    if (names.has(name)) throw usage(`The argument "${name}" is given twice.`, 'Give each once.');
    names.add(name);
    return { name, text: word.slice(at + 1), isText };
  };
  return [...words.map((word) => split(word, false)), ...asText.map((word) => split(word, true))];
}

/**
 * The arguments as values. What the tool says an argument is, the word is read as: text stays text, a number keeps its
 * digits. Where it says nothing, a word that is JSON (a number, true, false, null, or something in brackets, braces or
 * quotes) is that value, and anything else is text.
 */
export function readArguments(typed: readonly Typed[], kinds: KindsOf): ExactRecord {
  const record: Record<string, ExactValue> = Object.create(null);
  for (const { name, text, isText } of typed) record[name] = isText ? text : readAs(name, text, kinds(name));
  return record;
}

/** All arguments as one JSON object. */
export function readJsonArguments(text: string): ExactRecord {
  const value = readJson(text);
  if (isExactRecord(value)) return value;
  throw usage('The arguments are not a JSON object.', 'Write --json \'{"order":8841}\'.');
}

function readAs(name: string, text: string, kinds: ReadonlySet<JsonKind> | undefined): ExactValue {
  if (kinds === undefined || kinds.size === 0) return guess(text);
  const others = [...kinds].filter((kind) => kind !== 'string');
  if (others.length === 0) return text;
  const value = kinds.has('string') ? guessOrText(text) : guess(text);
  if (kinds.has(kindOf(value))) return value;
  if (kinds.has('string')) return text;
  throw usage(
    `The argument "${name}" takes ${others.map((kind) => words[kind]).join(' or ')}.`,
    'Write that, or all arguments with --json.',
  );
}

const words: Readonly<Record<JsonKind, string>> = {
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
  null: 'null',
  array: 'a list, as [1,2]',
  object: 'an object, as {"a":1}',
};

function guessOrText(text: string): ExactValue {
  try {
    return guess(text);
  } catch {
    return text;
  }
}

function guess(text: string): ExactValue {
  const looksLikeJson = /^(-?\d|true$|false$|null$|[[{"])/.test(text);
  if (!looksLikeJson) return text;
  const isSure = /^[[{"]/.test(text);
  try {
    return readExactJson(text);
  } catch (thrown) {
    // Addresses and dates begin like numbers and are text; a number too long to keep is refused, not changed.
    if (!isSure && thrown instanceof ExactJsonError && thrown.code === 'json.malformed') return text;
    throw refuse(thrown);
  }
}

function readJson(text: string): ExactValue {
  try {
    return readExactJson(text);
  } catch (thrown) {
    throw refuse(thrown);
  }
}

function refuse(thrown: unknown) {
  return usage('An argument cannot be read.', thrown instanceof ExactJsonError ? thrown.message : 'Write it as JSON.');
}
