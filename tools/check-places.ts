import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listFiles } from './read-tree.ts';

type Forbidden = { readonly pattern: RegExp; readonly why: string; readonly alsoInTests: boolean };

/** What must not stand in a file: it is true on one computer only, or it is left over from a merge. */
const forbidden: readonly Forbidden[] = [
  { pattern: /(?<![\w.~-])\/[w]ork(?:\/|\b)/, why: 'a folder of one computer', alsoInTests: true },
  { pattern: /(?<![\w.~-])\/[r]oot(?:\/|\b)/, why: 'a folder of one computer', alsoInTests: false },
  { pattern: /(?<![\w.~-])\/(?:home|Users)\/[a-z][\w.-]*/, why: 'a folder of one person', alsoInTests: false },
  { pattern: /\b[A-Z]:\\Users\\/, why: 'a folder of one person', alsoInTests: false },
  { pattern: /\b(?:registry|npm)\.(?:npmjs|pkg|yarnpkg)\.\w+/, why: 'a host that packages come from', alsoInTests: true },
  { pattern: /\b(?:[a]rtifactory|[v]erdaccio|[c]odeartifact)\b/i, why: 'a host that packages come from', alsoInTests: true },
  { pattern: /^(?:<{7}|>{7}) /, why: 'a merge that was not finished', alsoInTests: true },
];

/** Reads every text file and finds places of one computer, package hosts, and unfinished merges. */
export function checkPlaces(root: string): string[] {
  return listFiles(root).flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    if (text.includes('\0')) return [];
    const rules = file.endsWith('.test.ts') ? forbidden.filter(({ alsoInTests }) => alsoInTests) : forbidden;
    return text
      .split('\n')
      .flatMap((line, index) =>
        rules.filter(({ pattern }) => pattern.test(line)).map(({ why }) => `${file}:${index + 1}: ${why}`),
      );
  });
}
