import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { commandTable } from '@surety/cli/command-table';
import { localCommands } from '@surety/cli/run-cli';
import { openapi } from '@surety/contract/openapi';
import { routes } from '@surety/contract/routes';
import { Config } from '@surety/server/config/config';
import { frontDoor } from 'surety/main';
import { cedarPage } from './gen-cedar-page.ts';
import { commandsPage, exitCodesPage } from './gen-command-pages.ts';
import { configurationPage, eventsPage, faultsPage, type ObjectSchema, reasonsPage, routesPage } from './gen-reference.ts';
import { generateRows } from './gen-rows.ts';
import { readManifest } from './read-tree.ts';
import { houseRoot, isStarted } from './run-command.ts';

export type GeneratedFile = { readonly path: string; readonly make: () => string | Promise<string> };

/** Every file that is committed though it is computed: a reader, or another language, needs it. */
export const generatedFiles: readonly GeneratedFile[] = [
  { path: 'packages/server/src/store/rows.ts', make: generateRows },
  { path: 'docs/reference/openapi.json', make: apiDocument },
  { path: 'docs/reference/routes.md', make: () => routesPage(routes) },
  { path: 'docs/reference/faults.md', make: faultsPage },
  { path: 'docs/reference/reasons.md', make: reasonsPage },
  { path: 'docs/reference/events.md', make: eventsPage },
  {
    path: 'docs/reference/configuration.md',
    make: () => configurationPage(Config.toJSONSchema({ io: 'input' }) as ObjectSchema),
  },
  { path: 'docs/reference/exit-codes.md', make: exitCodesPage },
  { path: 'docs/reference/cedar.md', make: cedarPage },
  { path: 'docs/reference/cli.md', make: () => commandsPage([...localCommands(frontDoor), ...commandTable]) },
];

function apiDocument(): string {
  const { version = '0.0.0' } = readManifest(houseRoot, 'packages/surety');
  return `${JSON.stringify(openapi(routes, { title: 'Surety', version, servers: ['http://127.0.0.1:7070'] }), null, 2)}\n`;
}

/** The files under `root` that differ from what they are computed from, with the text they should have. */
export async function findStale(root: string, files: readonly GeneratedFile[]): Promise<ReadonlyMap<string, string>> {
  const stale = new Map<string, string>();
  for (const { path, make } of files) {
    const full = join(root, path);
    const text = await make();
    if (!existsSync(full) || readFileSync(full, 'utf8') !== text) stale.set(path, text);
  }
  return stale;
}

/** Writes the files that `findStale` found. */
export function writeStale(root: string, stale: ReadonlyMap<string, string>): void {
  for (const [path, text] of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

if (isStarted(import.meta.url)) {
  const isCheck = process.argv.includes('--check');
  const stale = await findStale(houseRoot, generatedFiles);
  if (!isCheck) writeStale(houseRoot, stale);
  for (const path of stale.keys())
    console.log(isCheck ? `${path}: not what it is computed from; run npm run gen` : `wrote ${path}`);
  if (isCheck && stale.size > 0) process.exitCode = 1;
}
