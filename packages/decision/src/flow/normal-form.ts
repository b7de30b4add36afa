import type { SalientKind, SalientValue } from './flow-facts.ts';

/** Longer than this nothing is a value to follow. */
export const longestValue = 512;

/** Most words that a name has. */
export const mostNameWords = 8;

/**
 * One way to write a value of each kind, so that case, spacing, width of letters and escapes do not hide it. Undefined where the
 * text is no such value. What comes out, read again, is itself.
 */
export const normalForms: Readonly<Record<SalientKind, (text: string) => string | undefined>> = {
  email: emailForm,
  url: urlForm,
  host: hostForm,
  iban: ibanForm,
  account: digitsForm,
  phone: digitsForm,
  id: idForm,
  date: dateForm,
  name: nameForm,
  text: textForm,
  word: wordForm,
};

/** A value of this kind, or nothing. */
export function salientValue(kind: SalientKind, text: string): SalientValue | undefined {
  if (text.length > longestValue) return undefined;
  const value = normalForms[kind](text);
  return value === undefined || value === '' ? undefined : { kind, value };
}

/** Letters of one width, without marks nobody sees; whole texts are brought to this before they are looked through. */
export function plainText(text: string): string {
  if (isAscii(text)) return text; // it is plain already, and most text is
  return text.normalize('NFKC').replace(/[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/g, '');
}

function isAscii(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- every character of ASCII is meant
  return /^[\u0000-\u007f]*$/.test(text);
}

function emailForm(text: string): string | undefined {
  const bare = plainText(text)
    .trim()
    .toLowerCase()
    .replace(/^mailto:/, '');
  const at = bare.lastIndexOf('@');
  const local = bare.slice(0, at);
  const host = at > 0 ? hostForm(bare.slice(at + 1)) : undefined;
  return host !== undefined && /^[\p{L}\p{N}.!#$%&'*+/=?^_`{|}~-]{1,64}$/u.test(local) ? `${local}@${host}` : undefined;
}

/** Host, port, path and query; the scheme and a leading `www.` say nothing about where it goes. */
function urlForm(text: string): string | undefined {
  const bare = plainText(text)
    .trim()
    .replace(/^[a-z][a-z0-9+.-]{0,20}:\/\//i, '');
  const end = bare.search(/[/?#]/);
  const authority = (end < 0 ? bare : bare.slice(0, end)).replace(/^[^@]*@/, '');
  const port = /:(\d{1,5})$/.exec(authority);
  const host = hostForm(port === null ? authority : authority.slice(0, port.index));
  if (host === undefined) return undefined;
  const rest = end < 0 ? '' : unescaped(bare.slice(end)).replace(/[/#?&]+$/, '');
  const shownPort = port === null || port[1] === '80' || port[1] === '443' ? '' : `:${port[1]}`;
  return `${host}${shownPort}${rest}`;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function hostForm(text: string): string | undefined {
  const host = plainText(text)
    .trim()
    .toLowerCase()
    .replace(/^www\./, '')
    .replace(/\.$/, '');
  if (host.length > 253) return undefined;
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(host) || host === 'localhost') return host;
  const labels = host.split('.');
  const last = labels[labels.length - 1] ?? '';
  const isName = labels.length > 1 && labels.every((label) => /^[\p{L}\p{N}](?:[\p{L}\p{N}_-]{0,61}[\p{L}\p{N}])?$/u.test(label));
  return isName && /^(?:[a-z]{2,24}|xn--[a-z0-9-]{2,59}|\p{L}{2,24})$/u.test(last) ? host : undefined;
}

/** Two letters, two digits, and what the country has: the check digits are not asked, because a wrong account is one too. */
function ibanForm(text: string): string | undefined {
  const bare = plainText(text)
    .replace(/[\s.-]/g, '')
    .toUpperCase();
  return /^[A-Z]{2}\d{2}[A-Z0-9]{8,30}$/.test(bare) ? bare : undefined;
}

function digitsForm(text: string): string | undefined {
  const bare = plainText(text).trim();
  if (!/^\+?[\d\s().\-/]+$/.test(bare) || dateForm(bare) !== undefined) return undefined;
  const digits = bare.replace(/\D/g, '').replace(/^00/, '');
  return digits.length >= 7 && digits.length <= 34 ? digits : undefined;
}

/** A token with a digit in it: the sign of something that was numbered. */
function idForm(text: string): string | undefined {
  const bare = plainText(text).trim().toLowerCase();
  return bare.length <= 200 && /\d/.test(bare) && /^[\p{L}\p{N}#_:.@/+=-]+$/u.test(bare) ? bare : undefined;
}

/** A day as year, month and day, with a hyphen where no year is said; with a time, the day of it. */
function dateForm(text: string): string | undefined {
  const found = /^\s*(\d{4}|-)-(\d{2})-(\d{2})(?:[T\s]\d{2}:\d{2}.{0,24})?\s*$/.exec(plainText(text).slice(0, 64));
  return found === null ? undefined : `${found[1]}-${found[2]}-${found[3]}`;
}

/** Words in lower case, one space between: `Riverside View Hotel`, `riverside_view-hotel` and `RIVERSIDE  VIEW HOTEL` are one. */
function nameForm(text: string): string | undefined {
  const words = wordsOf(text);
  return words.length > 0 && words.length <= mostNameWords ? words.join(' ') : undefined;
}

function textForm(text: string): string | undefined {
  const words = wordsOf(text);
  return words.length > mostNameWords ? words.join(' ') : undefined;
}

/** One word without the ending that grammar gave it. */
function wordForm(text: string): string | undefined {
  const [word, ...more] = wordsOf(text);
  return word === undefined || more.length > 0 ? undefined : stem(word);
}

/** Words of letters and digits, in lower case, without accents. */
export function wordsOf(text: string): string[] {
  if (isAscii(text)) return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const plain = plainText(text).toLowerCase().normalize('NFD').replace(/\p{M}/gu, '');
  return plain.match(/[\p{L}\p{N}]+/gu) ?? [];
}

const endings = [
  'ations',
  'ation',
  'ings',
  'ing',
  'ments',
  'ment',
  'ies',
  'ied',
  'ers',
  'er',
  'ed',
  'es',
  's',
  'e',
  'y',
] as const;

/** Cuts endings until there are none, so that a stem is its own stem; at least three letters stay. */
function stem(word: string): string {
  if (!/^[a-z]+$/.test(word)) return word;
  for (const ending of endings) {
    if (word.length - ending.length >= 3 && word.endsWith(ending)) return stem(word.slice(0, -ending.length));
  }
  return word;
}
