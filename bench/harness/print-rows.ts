import type { Row } from './row.ts';

const titles = ['case', 'unit', 'ours', 'spread', 'peer', 'theirs', 'ratio', 'floor', 'runs'] as const;

/** Rows as a table for people. `ratio` is how many times better ours is. */
export function renderTable(rows: readonly Row[]): string {
  const lines = [titles, ...rows.map(cellsOf)];
  const widths = titles.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  return lines
    .map((cells) =>
      cells.map((cell, column) => (isWord(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))),
    )
    .map((cells) => cells.join('  ').trimEnd())
    .join('\n');
}

function isWord(column: number): boolean {
  return titles[column] === 'case' || titles[column] === 'unit' || titles[column] === 'peer';
}

function cellsOf({ case: name, unit, better, ours, spread, peer, ratio, floor, runs }: Row): readonly string[] {
  return [
    name,
    `${unit} ${better === 'lower' ? '↓' : '↑'}`,
    String(ours),
    `${spread[0]}–${spread[1]}`,
    peer?.name ?? '',
    peer === null ? '' : String(peer.value),
    ratio === null ? '' : `${ratio} ×`,
    floor === null ? '' : String(floor),
    String(runs),
  ];
}
