import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataTables } from './data-tables.ts';
import { listFiles } from './read-tree.ts';
import { scanSource } from './scan-source.ts';

const maxLines = 400;
const maxCommentColumns = 130;

/**
 * Files of code are at most 400 lines; comments are at most 130 columns wide, which the formatter leaves alone. Functions
 * are measured by oxlint. `tables` are exempt by name; one that is not there any more is a complaint.
 */
export function checkSizes(root: string, tables: Readonly<Record<string, string>> = dataTables): string[] {
  const gone = Object.keys(tables).filter((file) => !existsSync(join(root, file)));
  const complaints = gone.map((file) => `tools/data-tables.ts: there is no ${file}`);
  for (const file of listFiles(root).filter((path) => path.endsWith('.ts') && !Object.hasOwn(tables, path))) {
    const source = readFileSync(join(root, file), 'utf8');
    const lines = source.trimEnd().split('\n');
    if (lines.length > maxLines)
      complaints.push(`${file}: ${lines.length} lines; ${maxLines} at most: it holds more than one thing`);
    for (const token of scanSource(source).filter(({ kind }) => kind === 'comment')) {
      const wide = token.text
        .split('\n')
        .findIndex((_, index) => (lines[token.line - 1 + index]?.length ?? 0) > maxCommentColumns);
      if (wide >= 0) complaints.push(`${file}:${token.line + wide}: a comment wider than ${maxCommentColumns} columns`);
    }
  }
  return complaints;
}
