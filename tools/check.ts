import { checkFormat, checkLint, checkTypes } from './check-code.ts';
import { checkDocuments } from './check-documents.ts';
import { checkImports } from './check-imports.ts';
import { checkLock } from './check-lock.ts';
import { checkPlaces } from './check-places.ts';
import { checkSizes } from './check-sizes.ts';
import { checkWords } from './check-words.ts';
import { houseRoot, isStarted, runCommand } from './run-command.ts';

export type Check = { readonly name: string; readonly run: (root: string) => readonly string[] | Promise<readonly string[]> };

export const checks: readonly Check[] = [
  { name: 'types', run: checkTypes },
  { name: 'lint', run: checkLint },
  { name: 'format', run: checkFormat },
  { name: 'imports', run: checkImports },
  { name: 'words', run: checkWords },
  { name: 'sizes', run: (root) => checkSizes(root) },
  { name: 'places', run: checkPlaces },
  { name: 'documents', run: checkDocuments },
  { name: 'lock file', run: checkLock },
  { name: 'generated files', run: checkGenerated },
];

/** Generation runs in a process of its own: it needs the export condition that points packages at their sources. */
async function checkGenerated(root: string): Promise<string[]> {
  const run = await runCommand(process.execPath, ['--conditions=@surety/source', 'tools/gen.ts', '--check'], root);
  return run.code === 0 ? [] : run.output.trim().split('\n').slice(0, 20);
}

/** Runs every check, a line each, then lists all that was found. Returns how many checks failed. */
export async function runChecks(list: readonly Check[], root: string, print: (line: string) => void): Promise<number> {
  const found: { readonly name: string; readonly complaints: readonly string[] }[] = [];
  for (const { name, run } of list) {
    const start = performance.now();
    const complaints = await outcomeOf(run, root);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    print(`${complaints.length === 0 ? '✓' : '✗'} ${name.padEnd(16)} ${seconds.padStart(5)} s${countOf(complaints)}`);
    if (complaints.length > 0) found.push({ name, complaints });
  }
  for (const { name, complaints } of found) print(['', name, ...complaints.map((one) => `  ${one}`)].join('\n'));
  return found.length;
}

/** A check that breaks has not passed. */
async function outcomeOf(run: Check['run'], root: string): Promise<readonly string[]> {
  try {
    return await run(root);
  } catch (thrown) {
    return [`the check itself broke: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`];
  }
}

function countOf(complaints: readonly string[]): string {
  return complaints.length === 0 ? '' : `  ${complaints.length} found`;
}

if (isStarted(import.meta.url)) {
  const failed = await runChecks(checks, houseRoot, (line) => console.log(line));
  if (failed > 0) process.exitCode = 1;
}
