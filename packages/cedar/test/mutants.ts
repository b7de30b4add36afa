import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { loadCedar } from './cedar-under-test.ts';
import { mutations } from './mutations.ts';
import { firstDifference, prepareSmoke, type Smoke, smokeSeeds } from './smoke.ts';

/**
 * Breaks our Cedar in one place after the other, and asks whether the smoke test notices:
 * `node --conditions=@surety/source packages/cedar/test/mutants.ts`. Prints every mutant that lives, and the score.
 */
const sources = fileURLToPath(new URL('../src/', import.meta.url));
const workshop = mkdtempSync(join(tmpdir(), 'cedar-mutants-'));
const say = (line: string) => process.stdout.write(`${line}\n`);

const smoke = prepareSmoke(smokeSeeds);
const lives: string[] = [];
try {
  for (const [at, [file, original, changed]] of mutations.entries()) {
    const name = `${file}: ${original} → ${changed}`;
    const found = await verdictOf(`${at}`, { file, original, changed }, smoke);
    if (found === undefined) lives.push(name);
    say(`${found === undefined ? 'LIVES ' : 'caught'} ${name}${found === undefined ? '' : ` (${found})`}`);
  }
} finally {
  rmSync(workshop, { recursive: true });
}
say(
  `${mutations.length - lives.length} of ${mutations.length} mutants caught by the smoke test: ${smokeSeeds.length} random batches and the corpus`,
);
process.exitCode = lives.length === 0 ? 0 : 1;

type Mutation = { readonly file: string; readonly original: string; readonly changed: string };

/** What gave the mutant away; undefined when nothing did. Throws when the mutation does not apply exactly once. */
async function verdictOf(name: string, { file, original, changed }: Mutation, batches: Smoke): Promise<string | undefined> {
  const copy = join(workshop, name);
  cpSync(sources, copy, { recursive: true });
  const text = readFileSync(join(copy, file), 'utf8');
  if (text.split(original).length !== 2) throw new Error(`${file} holds ${JSON.stringify(original)} not exactly once`);
  writeFileSync(
    join(copy, file),
    text.replace(original, () => changed),
  );
  try {
    const askAll = await loadCedar(pathToFileURL(`${copy}/`));
    return firstDifference(batches, askAll)?.split(':')[0];
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message.slice(0, 60)}` : 'threw';
  }
}
