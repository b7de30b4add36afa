import type { Token } from './scan-source.ts';

/** Before the hyphen of `AES-256`: names of standards and algorithms. */
const standards = ['ADR', 'RFC', 'ISO', 'UTF', 'SHA', 'AES', 'RSA', 'HMAC', 'CVE', 'SP', 'FIPS', 'NIST', 'IEEE', 'MD', 'CWE'];
/** Before the hyphen of `TX-09`: the cases of attack and fault that tests cite. */
export const caseNames = [
  'TE',
  'DP',
  'TX',
  'SF',
  'PD',
  'MG',
  'HG',
  'SQ',
  'SC',
  'SS',
  'AU',
  'AP',
  'CO',
  'KE',
  'ST',
  'OV',
  'CL',
  'AN',
];
const knownPrefixes = new Set(standards.concat(caseNames));

const refused: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  { pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/, why: 'finish it, or say in CHANGELOG.md or an ADR what is missing' },
  {
    pattern: /\b[A-Z]\d+-[A-Z]{2,}\d+\b|(?:^|\s)#\d{2,}\b|\bgh-\d+\b/,
    why: 'a ticket code means nothing to a reader: say the reason',
  },
  { pattern: /@author\b|\bCopyright\b/i, why: 'names nobody: who wrote a line is what git knows' },
  {
    pattern: /\b(?:January|February|March|April|May|June|July|August|September|October|November|December) (?:\d{1,2}, )?20\d\d\b/,
    why: 'a date ages: say what is true',
  },
  { pattern: /\b(?:for now|formerly|legacy|refactored)\b/i, why: 'says what is, not what was or will be' },
  { pattern: /@ts-(?:ignore|nocheck)\b/, why: 'write @ts-expect-error and the reason' },
];

/** Dates that are names: versions of the MCP protocol. */
const protocolVersions = new Set(['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05']);

/** What is wrong with a comment, one line for each fault, with the place. */
export function judgeComment(file: string, { text, line }: Token): string[] {
  return text.split('\n').flatMap((one, index) => {
    const complaints = refused.filter(({ pattern }) => pattern.test(one)).map(({ why }) => why);
    if (hasTicket(one)) complaints.push('a ticket code means nothing to a reader: say the reason');
    if (hasDate(one)) complaints.push('a date ages: say what is true');
    if (isBareSuppression(one)) complaints.push('a suppression ends with " -- " and its reason');
    return complaints.map((why) => `${file}:${line + index}: in a comment: ${why}`);
  });
}

function hasTicket(line: string): boolean {
  return [...line.matchAll(/(?<![\w-])([A-Z]{2,10})-\d+\b/g)].some(([, prefix]) => !knownPrefixes.has(prefix ?? ''));
}

/** A day on its own is a date; with a time behind it, it is an example of an instant. */
function hasDate(line: string): boolean {
  return [...line.matchAll(/\b20\d\d-[01]\d-[0-3]\d\b(?!T)/g)].some(([date]) => !protocolVersions.has(date));
}

function isBareSuppression(line: string): boolean {
  if (/\boxlint-disable(?:-next-line|-line)?\s/.test(line)) return !/ -- \S.{4,}/.test(line);
  return /@ts-expect-error\s*$/.test(line);
}
