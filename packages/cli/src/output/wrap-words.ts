import { displayWidth } from './safe-text.ts';

/**
 * A text as lines of at most `width` columns, each behind its indent; a word that is longer stands alone. `first` stands before
 * the first line instead, and must be as wide. Without a width, one line. The text must be safe already.
 */
export function wrapWords(text: string, { width, indent, first = indent }: Wrap): readonly string[] {
  if (width === undefined) return [`${first}${text}`];
  const room = Math.max(10, width - displayWidth(indent));
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (displayWidth(longer) <= room || line === '') line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line].map((one, at) => `${at === 0 ? first : indent}${one}`);
}

export type Wrap = { readonly width: number | undefined; readonly indent: string; readonly first?: string };
