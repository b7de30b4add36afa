import type { ErrorReport } from '../cli-error.ts';
import type { Output } from '../io.ts';
import { safeJson, safeText } from './safe-text.ts';
import type { Style } from './style.ts';

/** What, why, what to do, id: as text, or as one JSON object when the output is JSON. Always on standard error. */
export function printError(
  stderr: Output,
  report: ErrorReport,
  options: { readonly json: boolean; readonly style: Style },
): void {
  if (options.json) {
    const { code, message, why, next, id } = report;
    stderr.write(`${safeJson(JSON.stringify({ error: { code, message, why, next, ...(id === undefined ? {} : { id }) } }))}\n`);
    return;
  }
  const lines = [
    options.style.mark('denied', safeText(report.message)),
    ...report.why.map((why) => `  ${safeText(why)}`),
    ...report.next.map((next) => `  ${options.style.plainWords ? 'To go on' : '→'} ${safeText(next)}`),
    ...(report.id === undefined ? [] : [`  id ${safeText(report.id)}`]),
  ];
  stderr.write(`${lines.join('\n')}\n`);
}
