import { displayWidth, safeText } from './safe-text.ts';

/** Cells are what is shown, already safe; `wrap` marks a cell's text with colour after it was measured and cut. */
export type Cell = { readonly text: string; readonly paint?: ((text: string) => string) | undefined };

export type TableOptions = {
  /** Width to fit into; undefined when the output is not a terminal: then nothing is cut. */
  readonly width: number | undefined;
  /** Lines of `title: value` instead, for what is not empty; a blank line between rows. */
  readonly flat: boolean;
};

const gap = 2;
const least = 6;

/** Rows under their titles, in columns. */
export function renderTable(
  titles: readonly string[],
  rows: readonly (readonly Cell[])[],
  { width, flat }: TableOptions,
): string {
  if (flat) return rows.map((row) => renderFlat(titles, row)).join('\n');
  const widths = titles.map((title, at) =>
    Math.max(displayWidth(title), ...rows.map((row) => displayWidth(row[at]?.text ?? ''))),
  );
  const fitted = width === undefined ? widths : fit(widths, width);
  const head = titles.map((text) => ({ text }));
  return [head, ...rows].map((row) => renderRow(row, fitted)).join('');
}

function renderFlat(titles: readonly string[], row: readonly Cell[]): string {
  const lines = titles.map((title, at) => ({ title, text: row[at]?.text ?? '' })).filter(({ text }) => text !== '');
  return lines.map(({ title, text }) => flatLine(title, text)).join('');
}

/** The offset that a title of times ends with stands behind the time here. */
function flatLine(title: string, text: string): string {
  const [, name = title, offset = ''] = /^(.*) ([+-]\d\d:\d\d)$/.exec(title) ?? [];
  return `${name.toLowerCase()}: ${text}${offset === '' ? '' : ` ${offset}`}\n`;
}

function renderRow(row: readonly Cell[], widths: readonly number[]): string {
  const cells = widths.map((width, at) => {
    const { text, paint } = row[at] ?? { text: '' };
    const cut = cutTo(text, width);
    const padding = at === widths.length - 1 ? '' : ' '.repeat(Math.max(0, width - displayWidth(cut)));
    return `${paint === undefined ? cut : paint(cut)}${padding}`;
  });
  return `${cells.join(' '.repeat(gap)).trimEnd()}\n`;
}

/** Takes from the widest column until all fit, never below a few characters. */
function fit(widths: readonly number[], width: number): readonly number[] {
  const fitted = [...widths];
  const room = width - gap * (widths.length - 1);
  for (let surplus = sum(fitted) - room; surplus > 0; surplus -= 1) {
    const widest = fitted.indexOf(Math.max(...fitted));
    const now = fitted[widest] ?? 0;
    if (now <= least) break;
    fitted[widest] = now - 1;
  }
  return fitted;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function cutTo(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let cut = '';
  for (const { segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)) {
    if (displayWidth(cut + segment) > width - 1) break;
    cut += segment;
  }
  return `${cut}…`;
}

/** RFC 4180. A value that a spreadsheet would run as a formula gets an apostrophe before it; for exact values there is JSON. */
export function renderCsv(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const field = (value: string): string => {
    const harmless = /^[=+\-@\t\r]/.test(value) && !/^-?\d+(\.\d+)?$/.test(value) ? `'${value}` : value;
    const text = safeText(harmless);
    return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [titles, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}
