import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Revision = '2026-07-28' | '2025-11-25';
export const revisions: readonly Revision[] = ['2026-07-28', '2025-11-25'];

export type CheckStatus = 'SUCCESS' | 'INFO' | 'SKIPPED' | 'WARNING' | 'FAILURE';
export type Check = { readonly id: string; readonly status: CheckStatus; readonly errorMessage?: string };

/** What the suite found, by scenario. */
export type Findings = ReadonlyMap<string, readonly Check[]>;

const command = fileURLToPath(new URL('../node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url));

/**
 * Runs every server scenario that a protocol revision requires, and those that are reported beside them, against one
 * address. Rejects when the suite itself did not run.
 */
export function runSuite(url: string, revision: Revision): Promise<Findings> {
  return runSuites([['server', '--url', url, '--requirements', revision]]);
}

/** Where the suite runs, and what it finds in its environment beside ours. */
export type SuitePlace = { readonly folder?: string; readonly env?: Readonly<Record<string, string>> };

/** Runs the suite once for each list of arguments, all at once; what they found together. Rejects when one did not run. */
export async function runSuites(commands: readonly (readonly string[])[], place: SuitePlace = {}): Promise<Findings> {
  const all = await Promise.all(commands.map((args) => findingsOf(args, place)));
  return new Map(all.flatMap((findings) => [...findings]));
}

async function findingsOf(args: readonly string[], place: SuitePlace): Promise<Findings> {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  try {
    const output = await run([...args, '--output-dir', folder], place);
    const findings = await readFindings(folder);
    if (findings.size === 0) throw new Error(`The conformance suite did not run:\n${output}`);
    return findings;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(args: readonly string[], { folder, env = {} }: SuitePlace): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [command, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      ...(folder === undefined ? {} : { cwd: folder }),
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (output += bytes.toString()));
    child.once('error', reject);
    child.once('close', () => resolve(output));
  });
}

/** Each scenario leaves a folder `<scenario>-<time>` with its checks, those of servers with `server-` before it. */
async function readFindings(folder: string): Promise<Findings> {
  const findings = new Map<string, readonly Check[]>();
  for (const path of (await readdir(folder, { recursive: true })).sort()) {
    const scenario = /^(?:server-)?(.+)-\d{4}-\d\d-\d\dT[\d-]+Z[/\\]checks\.json$/.exec(path)?.[1];
    if (scenario !== undefined)
      findings.set(scenario.replaceAll('\\', '/'), JSON.parse(await readFile(join(folder, path), 'utf8')) as Check[]);
  }
  return findings;
}
