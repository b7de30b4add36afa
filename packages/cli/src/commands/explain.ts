import type { Action, Explanation } from '@surety/contract/activity';
import type { Condition } from '@surety/contract/decision';
import { safeText } from '../output/safe-text.ts';
import type { Style } from '../output/style.ts';
import { tookText } from '../output/times.ts';
import { markOfAction } from './shapes.ts';

/** A decision in lines: what became of it, every condition with the value found, and what would go on. */
export function explanationLines(
  { action, conditions, mandateVersion, recomputed, next, policies }: Explanation,
  style: Style,
): readonly string[] {
  return [
    actionLine(action, style),
    `  ${safeText(action.because)}`,
    ...conditions.map((condition) => conditionLine(condition, style)),
    ...(policies.length === 0
      ? []
      : [
          `  decided by ${policies.map(safeText).join(', ')}${mandateVersion === null ? '' : `, mandate version ${mandateVersion}`}`,
        ]),
    `  ${action.answerableName === '' ? 'Nobody' : safeText(action.answerableName)} answers for this agent.`,
    ...recomputedLines(recomputed, style),
    ...(next === '' ? [] : [`  ${action.state === 'allowed' ? 'See also' : 'To go on'}: ${safeText(next)}`]),
  ];
}

export function recomputedLines(recomputed: Explanation['recomputed'], style: Style): readonly string[] {
  if (recomputed === 'same') return ['  Computed again from what was kept, it falls the same way.'];
  if (recomputed === 'different') return [style.mark('denied', 'Computed again from what was kept, it falls differently.')];
  return ['  What it was decided on is not kept any more, or was changed: it cannot be computed again.'];
}

export function actionLine(action: Action, style: Style): string {
  const took = action.milliseconds === null ? '' : `    ${tookText(action.milliseconds)}`;
  return style.mark(
    markOfAction(action.state),
    `${action.state}  ${safeText(`${action.system}.${action.operation}  ${action.summary}`.trimEnd())}${took}`,
  );
}

export function conditionLine({ holds, text, found }: Condition, style: Style): string {
  const value = found === undefined ? '' : `      found ${safeText(found)}`;
  return `    ${style.mark(holds ? 'allowed' : 'denied', `${style.plainWords ? `${holds ? 'holds' : 'does not hold'}: ` : ''}${safeText(text)}${value}`)}`;
}
