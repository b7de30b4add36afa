import type { SalientValue } from './flow-facts.ts';
import { salientValue } from './normal-form.ts';

/** Longest name in characters. */
const longest = 80;
/** Longest line of which the parts are looked at. */
const longestLine = 400;
/** Most words in a row that are taken as one run of words written large. */
const longestRun = 8;
/** Most lines, items and quoted texts of one text that are looked at. */
const mostUnits = 4_000;
/** Longest part of such a run that is a name by itself. */
const longestPart = 5;

/**
 * What a text calls by name: what stands in quotes, short lines and what follows a key on a line, and words written large in a
 * row, with every part of such a row. In one pass for each; at most `most` come out.
 */
export function findNames(plain: string, most: number): SalientValue[] {
  const found = new Map<string, SalientValue>();
  const add = (text: string): void => {
    const value = text.length > longest || found.size >= most ? undefined : salientValue('name', text);
    if (value !== undefined) found.set(value.value, value);
  };
  for (const text of unitsOf(plain)) add(text);
  for (const run of largeRuns(plain)) {
    if (found.size >= most) break;
    for (let from = 0; from < run.length; from++) {
      for (let to = from + 1; to <= Math.min(run.length, from + longestPart); to++) add(run.slice(from, to).join(' '));
    }
  }
  return [...found.values()];
}

/** The short parts of a text that stand by themselves: lines, items, what follows a key on a line, what is in quotes. */
export function unitsOf(plain: string): string[] {
  const units: string[] = [];
  for (const text of quotedTexts(plain)) if (units.push(text) >= mostUnits) return units;
  for (const line of plain.split('\n')) for (const text of lineTexts(line)) if (units.push(text) >= mostUnits) return units;
  return units;
}

/** Short texts between two quotes of one kind on one line. A quote inside a word is an apostrophe. */
function* quotedTexts(plain: string): Generator<string> {
  if (!/["'`“‘«]/.test(plain)) return;
  for (const [, inside] of plain.matchAll(/(?<![\p{L}\p{N}])["'`“‘«]([^"'`“”‘’«»\n]{1,80})["'`”’»](?![\p{L}\p{N}])/gu)) {
    if (inside !== undefined) yield inside;
  }
}

/** A line that is short enough to be a name, an item of a list, and what follows a key: `recipient: Alice`, `- general`. */
export function* lineTexts(line: string): Generator<string> {
  const item = line
    .slice(0, longestLine)
    .trim()
    .replace(/^(?:[-*•] )+/, '');
  if (item === '') return;
  if (item.length <= longest) yield item;
  const colon = item.indexOf(': ');
  if (colon > 0 && colon <= longest) yield item.slice(colon + 2).replace(/^["']|["']$/g, '');
}

function* largeRuns(plain: string): Generator<string[]> {
  if (!/[\p{Lu}\p{N}]/u.test(plain)) return;
  let run: string[] = [];
  let end = -1;
  for (const { 0: word, index } of plain.matchAll(/[\p{L}\p{N}][\p{L}\p{N}'’_-]{0,40}/gu)) {
    const isLarge = /^[\p{Lu}\p{N}]/u.test(word);
    const isNext = index === end + 1 && plain[end] === ' ';
    if (run.length > 0 && (!isLarge || !isNext || run.length >= longestRun)) {
      yield run;
      run = [];
    }
    if (isLarge) run.push(word);
    end = index + word.length;
  }
  if (run.length > 0) yield run;
}
