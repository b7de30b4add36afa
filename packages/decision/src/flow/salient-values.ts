import { ExactNumber, type ExactValue, isExactList, isExactRecord, readExactJson } from '@surety/contract/exact-json';
import type { SalientValue } from './flow-facts.ts';
import { dateValues, findEntities, linkValues } from './find-entities.ts';
import { findNames, lineTexts, unitsOf } from './find-names.ts';
import { isProse } from './prose.ts';
import { plainText, salientValue, wordsOf } from './normal-form.ts';

/** How much of one result is looked through, and how much comes out of it. */
export type SalientBounds = { readonly characters: number; readonly values: number };

export const salientBounds: SalientBounds = { characters: 262_144, values: 2_000 };

/** A value of a result. */
export type FoundValue = SalientValue & {
  /** Of the field it stood in: a JSON pointer in which `*` stands for any place in a list. */
  readonly field: string;
  /** Whether it fills a field, an item of a list, a line or a pair of quotes; else it stands inside longer text. */
  readonly isWhole: boolean;
};

/**
 * The values of a result that are worth following: addresses, links and their hosts, accounts, telephone numbers, ids, days,
 * and names, which fill a field, stand in quotes or are written large. Looks inside carried text too. Each value once for each
 * field; what is beyond the bounds is left out, names first.
 */
export function salientValues(result: ExactValue, bounds: SalientBounds = salientBounds): readonly FoundValue[] {
  const found = new Map<string, FoundValue>();
  const add = (field: string, values: readonly SalientValue[], isWhole: (value: SalientValue) => boolean): void => {
    for (const value of values) {
      if (found.size >= bounds.values) return;
      const key = `${field} ${value.kind} ${value.value}`;
      const one = { ...value, field, isWhole: isWhole(value) };
      if (!found.has(key)) found.set(key, one);
    }
  };
  const fields = fieldTexts(result, bounds.characters).map(({ field, plain }) => ({
    field,
    plain,
    whole: wholesOf(field, plain),
  }));
  for (const { field, plain, whole } of fields)
    add(field, findEntities(plain, bounds.values), (value) => whole.has(keyOf(value)));
  for (const { field, plain, whole } of fields) {
    add(field, [...whole.values()], () => true);
    add(field, findNames(plain, bounds.values), () => false);
  }
  return [...found.values()];
}

/**
 * Text that came back, as what it says it is: JSON read as JSON, so that its fields are told apart; anything else, and JSON
 * that is not read, as text.
 */
export function resultValue(text: string): ExactValue {
  const first = text.trimStart()[0];
  if ((first !== '{' && first !== '[') || text.length > salientBounds.characters) return text;
  try {
    return readExactJson(text);
  } catch {
    return text;
  }
}

/** The texts of a result, field by field, as far as the bound goes. */
export function fieldTexts(
  result: ExactValue,
  characters: number,
): readonly { readonly field: string; readonly plain: string }[] {
  const texts: { field: string; plain: string }[] = [];
  let left = characters;
  for (const { field, text } of leavesOf(result)) {
    if (left <= 0) break;
    texts.push({ field, plain: plainText(text.slice(0, left)) });
    left -= text.length;
  }
  return texts;
}

/**
 * What fills a field. A result that is one text has fields as well: its lines, what follows a key, and what stands in quotes.
 * Where it holds prose, only lines that are not indented count: whoever wrote the prose could have written the rest of its
 * paragraph in any form.
 */
function wholesOf(field: string, plain: string): ReadonlyMap<string, SalientValue> {
  const units = field === '' ? textUnits(plain) : [plain];
  return new Map(units.flatMap(wholeValues).map((value) => [keyOf(value), value]));
}

function textUnits(plain: string): readonly string[] {
  const lines = plain.split('\n');
  if (!lines.some(isProse)) return unitsOf(plain);
  return lines.filter((line) => /^\S/.test(line) && !isProse(line)).flatMap((line) => [...lineTexts(line)]);
}

export function keyOf({ kind, value }: SalientValue): string {
  return `${kind} ${value}`;
}

/** What a text is that fills its field. Several forms may fit; they are one value. */
export function wholeValues(text: string): readonly SalientValue[] {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  const isLink = /^(?:[a-z][a-z0-9+.-]{1,20}:\/\/|www\.)/i.test(trimmed);
  const links = isLink ? linkValues(trimmed) : [];
  if (links.length > 0) return links;
  const date = salientValue('date', trimmed);
  if (date !== undefined) return dateValues(date.value);
  const kinds = ['email', 'iban', 'phone', 'id', 'name', 'text'] as const;
  return kinds.flatMap((kind) => salientValue(kind, trimmed) ?? []);
}

/** Most words of a request that are looked at. */
const mostRequestWords = 2_000;
/** Names in a request are every run of so many words: what a person says needs no quotes. */
const longestRun = 4;

/** Words that no name begins or ends with. */
const joining: ReadonlySet<string> = new Set(
  (
    'a an the and or but if then than so as at by for from in into of on off out over to up with without is are was were be been am do does did ' +
    'has have had can could will would shall should may might must it its this that these those i me my we us our you your he him his she her ' +
    'they them their there here what which who whom when where why how not no yes please also just all any some'
  ).split(' '),
);

const answering: ReadonlySet<string> = new Set(['tell', 'give', 'show', 'let', 'inform', 'send', 'answer']);

/** `tell me` asks for an answer, and for nothing to be done. */
function isAnswering(word: string, next: string | undefined): boolean {
  return (next === 'me' || next === 'us') && answering.has(word);
}

/** The values of what somebody asked for in words: as {@link salientValues}, and every word and short run of words. */
export function requestValues(text: string): readonly SalientValue[] {
  const plain = plainText(text.slice(0, salientBounds.characters));
  const words = wordsOf(plain).slice(0, mostRequestWords);
  const values = new Map<string, SalientValue>();
  const add = (value: SalientValue | undefined): void => {
    if (value !== undefined) values.set(keyOf(value), value);
  };
  for (const value of [...findEntities(plain, mostRequestWords), ...findNames(plain, mostRequestWords)]) add(value);
  for (const [at, word] of words.entries()) {
    if (!isAnswering(word, words[at + 1])) add(salientValue('word', word));
    if (joining.has(word)) continue;
    for (let size = 1; size <= longestRun && at + size <= words.length; size++) {
      if (!joining.has(words[at + size - 1] ?? '')) add({ kind: 'name', value: words.slice(at, at + size).join(' ') });
    }
  }
  return [...values.values()];
}

/** What names a field of a form: nobody's words. */
const fieldName = /^[a-z]\w{0,40}$/i;

/** Every text and number of a value, with its field; and every key that may be a value itself: no name of a plain field. */
function* leavesOf(value: ExactValue, field = ''): Generator<{ readonly field: string; readonly text: string }> {
  if (typeof value === 'string') yield { field, text: value };
  else if (value instanceof ExactNumber) yield { field, text: value.text };
  else if (isExactList(value)) for (const item of value) yield* leavesOf(item, `${field}/*`);
  else if (isExactRecord(value)) {
    for (const [key, item] of Object.entries(value)) {
      const below = `${field}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      const isPlain = fieldName.test(key) && !isExactRecord(item) && !isExactList(item);
      if (!isPlain) yield { field: below, text: key };
      yield* leavesOf(item, below);
    }
  }
}
