import type { Explanation, ExplanationLine } from '@surety/contract/activity';
import { safeText } from '../output/safe-text.ts';
import type { Mark, Style } from '../output/style.ts';
import { wrapWords } from '../output/wrap-words.ts';
import { actionLine, conditionLine, recomputedLines } from './explain.ts';

const markOf: Readonly<Record<ExplanationLine['verdict'], Mark>> = {
  permits: 'allowed',
  denies: 'denied',
  holds: 'held',
  not_reached: 'waiting',
};

/**
 * A decision as a tree: every line of what limits a call with what it says, the values found, what would have been enough and
 * who could do that. A line that permits takes one row, unless it is the one that decided. `width`: columns of the terminal.
 */
export function treeLines(explanation: Explanation, style: Style, width: number | undefined): readonly string[] {
  const { action, lines, recomputed, next, mandateVersion } = explanation;
  const version = mandateVersion === null ? [] : [`  Mandate version ${mandateVersion}.`];
  const answers = `${action.answerableName === '' ? 'Nobody' : safeText(action.answerableName)} answers for this agent.`;
  return [
    actionLine(action, style),
    ...wrapWords(safeText(action.because), { width, indent: '  ' }),
    '',
    ...lines.flatMap((line) => lineRows(line, style, width)),
    '',
    ...version,
    `  ${answers}`,
    ...recomputedLines(recomputed, style).flatMap((line) => wrapWords(line.trimStart(), { width, indent: '  ' })),
    ...(next === ''
      ? []
      : wrapWords(`${action.state === 'allowed' ? 'See also' : 'To go on'}: ${safeText(next)}`, { width, indent: '  ' })),
  ];
}

function lineRows(line: ExplanationLine, style: Style, width: number | undefined): readonly string[] {
  const { title, verdict, text, decided, conditions, remedies, policies } = line;
  const word = { permits: '', denies: 'denies', holds: 'asks a person', not_reached: 'not reached' }[verdict];
  const name = safeText(title);
  const mark = style.mark(markOf[verdict], style.plainWords && word !== '' ? `${word}: ${name}` : name);
  const isOpen = decided || verdict === 'denies' || verdict === 'holds';
  const head = `  ${mark}${decided ? '   (this decided)' : ''}`;
  if (!isOpen) return fits(`${head}: ${safeText(text)}`, width) ? [`${head}: ${safeText(text)}`] : [head, ...below(text, width)];
  return [
    head,
    ...below(text, width),
    ...conditions.flatMap((one) =>
      wrapWords(conditionLine(one, style).trimStart(), { width, indent: '        ', first: '      ' }),
    ),
    ...(policies.length === 0 ? [] : below(`by ${policies.join(', ')}`, width)),
    ...remedies.flatMap((remedy) => remedyRows(remedy, width)),
  ];
}

function fits(row: string, width: number | undefined): boolean {
  return width === undefined || row.length <= width;
}

function below(text: string, width: number | undefined): readonly string[] {
  return wrapWords(safeText(text), { width, indent: '      ' });
}

function remedyRows({ text, by }: ExplanationLine['remedies'][number], width: number | undefined): readonly string[] {
  const people = by.map(({ name, role }) => `${safeText(name)} (${safeText(role)})`).join(', ');
  const enough = wrapWords(`Enough: ${safeText(text)}`, { width, indent: '        ', first: '      ' });
  return people === '' ? enough : [...enough, ...wrapWords(`by ${people}`, { width, indent: '        ' })];
}
