import { readFile } from 'node:fs/promises';
import { delimiter, dirname } from 'node:path';
import { counts, unexpected } from '../judge.ts';
import { type Findings, runSuites } from '../suite.ts';
import { isOurs, openClient } from './open-client.ts';

/** What the suite asks of a client: what the two revisions require, and the extensions, which belong to none. */
const groups = {
  '2026-07-28': [
    ['--suite', 'auth', '--spec-version', '2026-07-28'],
    ['--suite', 'draft', '--spec-version', '2026-07-28'],
  ],
  '2025-11-25': [['--suite', 'auth', '--spec-version', '2025-11-25']],
  extensions: [['--suite', 'extensions']],
} as const;

export type Group = keyof typeof groups;

/** Scenarios that may fail, and why, by group and name. */
export type ClientExceptions = Readonly<Record<Group, Readonly<Record<string, string>>>>;

export type ClientJudgement = {
  readonly group: Group;
  readonly rows: readonly { readonly scenario: string; readonly found: string; readonly exception: string | undefined }[];
  readonly complaints: readonly string[];
};

/** Runs every scenario about authorization against the client, and complains of each that neither passes nor is on the list. */
export async function judgeClient(): Promise<readonly ClientJudgement[]> {
  const file = new URL('../expected-failures.json', import.meta.url);
  const { client: exceptions } = JSON.parse(await readFile(file, 'utf8')) as { readonly client: ClientExceptions };
  const client = await openClient();
  try {
    const names = Object.keys(groups) as Group[];
    return await Promise.all(names.map(async (group) => judge(group, await find(group, client.url), exceptions)));
  } finally {
    await client.close();
  }
}

function find(group: Group, address: string): Promise<Findings> {
  const path = [dirname(process.execPath), process.env['PATH']].join(delimiter);
  // The suite splits the command at spaces, so the places of the checkout and of Node are not in it.
  return runSuites(
    groups[group].map((args) => ['client', '--command', 'node client.ts', ...args]),
    { folder: import.meta.dirname, env: { PATH: path, SURETY_CONFORMANCE_CLIENT: address } },
  );
}

function judge(group: Group, findings: Findings, exceptions: ClientExceptions): ClientJudgement {
  const found: Findings = new Map([...findings].filter(([scenario]) => isOurs(scenario)));
  return {
    group,
    rows: [...found.keys()].sort().map((scenario) => ({
      scenario,
      found: counts(found.get(scenario) ?? []),
      exception: exceptions[group][scenario],
    })),
    complaints: unexpected(`${group} client`, found, exceptions[group], ['FAILURE', 'WARNING']),
  };
}
