import { join } from 'node:path';
import { houseRoot, installedProgram, type Run, runCommand } from './run-command.ts';

/** Type errors of everything that `tsconfig.json` under `root` covers. */
export async function checkTypes(root: string): Promise<string[]> {
  const run = await runCommand(installedProgram('tsc'), ['-p', root, '--pretty', 'false'], root);
  return complaintsOf('tsc', run, (line) => line.length > 0);
}

/** What oxlint says under the rules of `.oxlintrc.json`. */
export async function checkLint(root: string): Promise<string[]> {
  const config = join(houseRoot, '.oxlintrc.json');
  const run = await runCommand(installedProgram('oxlint'), ['-c', config, '--format', 'unix', '--deny-warnings'], root);
  return complaintsOf('oxlint', run, (line) => /^\S+:\d+:\d+: /.test(line));
}

/** Files that `npm run format` would change, under the `oxfmt.config.ts` of `root`. */
export async function checkFormat(root: string): Promise<string[]> {
  const run = await runCommand(installedProgram('oxfmt'), ['-c', join(root, 'oxfmt.config.ts'), '--list-different'], root);
  return complaintsOf('oxfmt', run, (line) => line.length > 0).map((file) => `${file}: npm run format would change it`);
}

/** A tool that failed without one line that we know is a failure all the same. */
function complaintsOf(tool: string, run: Run, isComplaint: (line: string) => boolean): string[] {
  if (run.code === 0) return [];
  const lines = run.output.split('\n').filter(isComplaint);
  return lines.length > 0 ? lines : [`${tool} ended with code ${run.code}: ${run.output.trim().slice(0, 2000)}`];
}
