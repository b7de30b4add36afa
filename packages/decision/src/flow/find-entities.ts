import type { SalientKind, SalientValue } from './flow-facts.ts';
import { salientValue } from './normal-form.ts';

/** What names of files end in, which would otherwise look like a host. */
const fileEndings = new Set(
  (
    'txt md pdf doc docx xls xlsx ppt pptx csv tsv json yaml yml xml html htm log png jpg jpeg gif svg webp zip tar gz tgz rar ' +
    'exe dll bin py js ts tsx jsx java rb rs go c h cpp hpp cs php sh bat ps sql db ini cfg conf toml lock eml ics mp wav mov avi'
  ).split(' '),
);

/** Longest run of letters that is looked at as one token. */
const longestToken = 2048;

const grouped: readonly { readonly kinds: readonly SalientKind[]; readonly form: RegExp }[] = [
  // Each repetition is bounded, so that the work stays proportional to the text.
  { kinds: ['iban'], form: /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{1,4}){2,9}(?![A-Za-z0-9])/g },
  { kinds: ['phone'], form: /(?<![\w.])(?:\+|00)\d[\d ().-]{5,24}\d(?!\w)/g },
  { kinds: ['account'], form: /(?<![\w.+-])\d{2,6}(?:[ -]?\d{2,6}){1,8}(?![\w-])/g },
];

/**
 * Addresses, links, accounts, telephone numbers, ids and days that stand in a text, each once, in the order of their kinds. The
 * work is proportional to the text, whoever wrote it. `most` bounds how many come out.
 */
export function findEntities(plain: string, most: number): SalientValue[] {
  if (!/[\d@.]|:\/\//.test(plain)) return []; // every kind that is looked for here has one of these
  const found = new Map<string, SalientValue>();
  const add = (value: SalientValue | undefined): void => {
    if (value !== undefined && found.size < most) found.set(`${value.kind} ${value.value}`, value);
  };
  for (const token of tokensOf(plain)) for (const value of readToken(token)) add(value);
  for (const value of namedDates(plain)) add(value);
  for (const { kinds, form } of grouped) {
    for (const [text] of plain.matchAll(form)) {
      if (!/^\d{4}-\d{2}-\d{2}/.test(text)) for (const kind of kinds) add(salientValue(kind, text));
    }
  }
  return [...found.values()];
}

/** A day, with and without its year: people leave the year out. */
export function dateValues(date: string): SalientValue[] {
  return [...new Set([date, `-${date.slice(-6)}`])].map((value) => ({ kind: 'date', value }));
}

const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const month =
  '(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)';
const day = '(\\d{1,2})(?:st|nd|rd|th)?';
const year = '(?:,?\\s{1,3}(\\d{4}))?';

const monthFirst = new RegExp(`\\b${month}\\.?\\s{1,3}${day}\\b${year}`, 'gi');
const dayFirst = new RegExp(`\\b${day}\\s{1,3}(?:of\\s{1,3})?${month}\\b${year}`, 'gi');

/** Days as people write them: `May 15th, 2024`, `the 1st of June`. */
function* namedDates(plain: string): Generator<SalientValue> {
  if (!/\d\s|\s\d/.test(plain)) return;
  for (const [, name, number, inYear] of plain.matchAll(monthFirst)) yield* namedDate(name, number, inYear);
  for (const [, number, name, inYear] of plain.matchAll(dayFirst)) yield* namedDate(name, number, inYear);
}

function* namedDate(name = '', number = '', inYear: string | undefined): Generator<SalientValue> {
  const at = months.indexOf(name.slice(0, 3).toLowerCase()) + 1;
  if (at > 0) yield* dateValues(`${inYear ?? '-'}-${String(at).padStart(2, '0')}-${number.padStart(2, '0')}`);
}

/** A link and its host both count: a new page of a known place is still that place. */
export function linkValues(text: string): SalientValue[] {
  const url = salientValue('url', text);
  if (url === undefined) return [];
  const host = salientValue('host', url.value.replace(/[:/?#].*$/s, ''));
  return host === undefined ? [url] : [url, host];
}

function* tokensOf(plain: string): Generator<string> {
  for (const [token] of plain.matchAll(/[^\s"'`<>()[\]{},;|\\]+/g)) {
    if (token.length > longestToken) continue;
    const bare = token.replace(/^[.:!?*_~=-]{1,16}/, '').replace(/[.:!?*_~=-]{1,16}$/, '');
    yield bare;
    // A sentence that begins without a space after the last one: `www.example.com.They`.
    const stop = bare.search(/[a-z0-9]\.\p{Lu}\p{Ll}/u);
    if (stop > 0) yield bare.slice(0, stop + 1);
  }
}

function readToken(token: string): SalientValue[] {
  if (token.includes('@') && !token.includes('://')) {
    const email = salientValue('email', token.replace(/^[^@]*[:=]/, ''));
    if (email !== undefined) return [email, ...withoutFileEnding(email)];
  }
  if (looksLikeLink(token)) return linkValues(token);
  const date = salientValue('date', token);
  if (date !== undefined) return dateValues(date.value);
  const id = token.length >= 4 && /\d/.test(token) ? salientValue('id', token) : undefined;
  return id === undefined ? [] : [id];
}

/** An address that names a file: `list-for-a@example.com.txt`. */
function withoutFileEnding({ kind, value }: SalientValue): SalientValue[] {
  const stop = value.lastIndexOf('.');
  const bare = fileEndings.has(value.slice(stop + 1)) ? salientValue(kind, value.slice(0, stop)) : undefined;
  return bare === undefined ? [] : [bare];
}

function looksLikeLink(token: string): boolean {
  if (/^[a-z][a-z0-9+.-]{1,20}:\/\//i.test(token)) return true;
  const host = token.replace(/[:/?#].*$/s, '');
  if (!host.includes('.') || !/[a-z]/i.test(host)) return false;
  return !fileEndings.has(host.slice(host.lastIndexOf('.') + 1).toLowerCase());
}
